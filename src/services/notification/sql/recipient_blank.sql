-- The goodbye has been said. $1 user
update recipient set name = '', email = '' where user_id = $1::uuid and forgotten

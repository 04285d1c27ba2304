-- Its process could not finish it, and lives: that was no try. $1 id, $2 holder
UPDATE suspect SET tries = tries - 1, holder = NULL WHERE id = $1::uuid AND holder = $2::uuid

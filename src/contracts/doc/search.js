/* SPDX-License-Identifier: Apache-2.0 */
/* The search: all words must be in a row's name, its description or its kind. Text only ever becomes text. */
(function () {
  'use strict';

  var LIMIT = 30;
  var index = window.contractIndex || [];
  var root = document.body.dataset.root;
  var box = document.querySelector('.search');
  var input = document.getElementById('search');
  var list = document.getElementById('found');
  var chosen = -1;

  function score(row, words) {
    var name = row[1].toLowerCase();
    var all = name + ' ' + row[2].toLowerCase() + ' ' + row[0];
    var sum = 0;
    for (var i = 0; i < words.length; i++) {
      if (!all.includes(words[i])) { return -1; }
      sum += name.startsWith(words[i]) ? 4 : name.includes(words[i]) ? 2 : 0;
    }
    if (row[0] !== 'field') { return sum + 1; }
    /* A field is found by its own name; that of its event alone would bring all of them. */
    var own = name.slice(name.indexOf(' · ') + 3);
    return words.some(function (word) { return own.includes(word); }) ? sum : -1;
  }

  function find(text) {
    var words = text.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length === 0) { return []; }
    return index
      .map(function (row, i) { return {row: row, place: i, score: score(row, words)}; })
      .filter(function (found) { return found.score >= 0; })
      .sort(function (a, b) { return b.score - a.score || a.place - b.place; })
      .slice(0, LIMIT);
  }

  function part(tag, name, text) {
    var element = document.createElement(tag);
    element.className = name;
    element.textContent = text;
    return element;
  }

  function choose(i) {
    var options = list.querySelectorAll('[role=option]');
    chosen = options.length === 0 ? -1 : (i + options.length) % options.length;
    options.forEach(function (option, at) { option.setAttribute('aria-selected', String(at === chosen)); });
    if (chosen >= 0) {
      input.setAttribute('aria-activedescendant', options[chosen].id);
      options[chosen].scrollIntoView({block: 'nearest'});
    } else {
      input.removeAttribute('aria-activedescendant');
    }
  }

  function show() {
    var found = find(input.value);
    var asked = input.value.trim() !== '';
    list.replaceChildren();
    found.forEach(function (each, i) {
      var item = document.createElement('li');
      var link = document.createElement('a');
      item.id = 'found-' + i;
      item.setAttribute('role', 'option');
      link.href = root + each.row[3];
      link.tabIndex = -1;
      link.append(part('span', 'kind', each.row[0]), part('span', 'name', each.row[1]), part('span', 'more', each.row[2]));
      item.append(link);
      list.append(item);
    });
    if (asked && found.length === 0) {
      list.append(part('li', 'none', 'Nothing found.'));
    }
    list.hidden = !asked;
    input.setAttribute('aria-expanded', String(asked));
    choose(found.length > 0 ? 0 : -1);
  }

  function hide() {
    list.hidden = true;
    input.setAttribute('aria-expanded', 'false');
  }

  input.addEventListener('input', show);
  input.addEventListener('focus', show);
  input.addEventListener('keydown', function (event) {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      choose(chosen + (event.key === 'ArrowDown' ? 1 : -1));
      event.preventDefault();
    } else if (event.key === 'Enter' && chosen >= 0) {
      list.querySelectorAll('[role=option] a')[chosen].click();
    } else if (event.key === 'Escape') {
      input.value = '';
      hide();
    }
  });
  document.addEventListener('click', function (event) {
    if (!box.contains(event.target)) { hide(); }
  });
  document.addEventListener('keydown', function (event) {
    if (event.key === '/' && !event.ctrlKey && !event.metaKey && document.activeElement !== input) {
      input.focus();
      event.preventDefault();
    }
  });
  box.hidden = false;

  /* A drawing that is wider than the screen is looked at from its middle. */
  document.querySelectorAll('.scroll').forEach(function (drawing) {
    drawing.scrollLeft = (drawing.scrollWidth - drawing.clientWidth) / 2;
  });
})();

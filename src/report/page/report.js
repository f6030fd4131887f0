// What the page can do beyond being read: sort and filter tables, switch contestants off, tell the row
// of a table behind a mark. It stands in a page that is XML too: no less-than sign, no ampersand.
"use strict";

const all = (what, where) => Array.from((where || document).querySelectorAll(what));
const text = element => element.textContent.trim();

// "12.5", "+0.41 [...]", ">2000": by the number they begin with; others as words, after all numbers.
function order(a, b) {
  const x = parseFloat(a.replace(/^[^-−+\d.]*/, "").replace("−", "-"));
  const y = parseFloat(b.replace(/^[^-−+\d.]*/, "").replace("−", "-"));
  if (isNaN(x) || isNaN(y)) return isNaN(x) === isNaN(y) ? a.localeCompare(b) : isNaN(x) ? 1 : -1;
  return x - y;
}

function sortable(table) {
  all("th", table).forEach((head, column) => {
    head.setAttribute("aria-sort", "none");
    head.tabIndex = 0;
    const sort = () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      all("th", table).forEach(other => other.setAttribute("aria-sort", "none"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const rows = all("tbody tr", table);
      const cell = row => text(row.children[column]);
      rows.sort((a, b) => order(cell(a), cell(b)) * (up ? 1 : -1));
      rows.forEach(row => row.parentNode.appendChild(row));
    };
    head.addEventListener("click", sort);
    head.addEventListener("keydown", event => { if (event.key === "Enter") sort(); });
  });
}

// Rows are shown if they hold every word of the filter.
function filterable(table) {
  const input = document.createElement("input");
  input.className = "filter";
  input.type = "search";
  input.placeholder = "filter: words that a row must have";
  input.setAttribute("aria-label", "filter the table");
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/);
    all("tbody tr", table).forEach(row => {
      const whole = row.textContent.toLowerCase();
      row.hidden = words.some(word => !whole.includes(word));
    });
  });
  table.parentNode.parentNode.insertBefore(input, table.parentNode);
}

// Everything that belongs to a contestant has data-series.
function switches() {
  const place = document.getElementById("contestants");
  if (!place) return;
  const names = JSON.parse(place.dataset.names);
  place.textContent = "Show: ";
  for (const name of names) {
    const label = document.createElement("label"), box = document.createElement("input");
    box.type = "checkbox";
    box.checked = true;
    box.value = name;
    box.addEventListener("change", () => {
      all("[data-series]").filter(element => element.dataset.series === name)
        .forEach(element => element.classList.toggle("off", !box.checked));
    });
    label.append(box, " " + name);
    place.append(label);
  }
}

// The row behind a mark, at the bottom of the window, and marked in its table.
function rows_behind() {
  const note = document.createElement("p");
  note.id = "behind";
  note.hidden = true;
  document.body.append(note);
  const rows = new Map(all("tr[data-row]").map(row => [row.dataset.row, row]));
  const show = mark => {
    const row = rows.get(mark.dataset.row), title = mark.querySelector("title");
    const told = title ? [text(title)] : [];
    if (row) {
      const heads = all("th", row.closest("table")).map(text);
      Array.from(row.children).forEach((cell, i) => { if (text(cell)) told.push(heads[i] + " " + text(cell)); });
      row.classList.add("chosen");
    }
    note.textContent = told.join(" · ");
    note.hidden = told.length === 0;
  };
  const hide = () => {
    note.hidden = true;
    all("tr.chosen").forEach(row => row.classList.remove("chosen"));
  };
  all(".mark").forEach(mark => {
    mark.addEventListener("mouseenter", () => show(mark));
    mark.addEventListener("mouseleave", hide);
    mark.addEventListener("click", () => show(mark));
  });
}

all("table.rows").forEach(table => { sortable(table); filterable(table); });
switches();
rows_behind();

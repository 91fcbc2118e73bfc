"use strict";
// Sorts and filters the tables of the class "sorted". All text is there without it, in the order of the names.
for (const table of document.querySelectorAll("table.sorted")) {
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const heads = Array.from(table.tHead.rows[0].cells);
  const texts = new Map(rows.map((row) => [row, Array.from(row.cells, (cell) => cell.textContent.trim())]));
  const order = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

  const bar = document.createElement("p");
  bar.className = "filter";
  const words = document.createElement("input");
  words.type = "search";
  words.placeholder = "Filter: words of any column";
  words.setAttribute("aria-label", words.placeholder);
  const states = document.createElement("select");
  states.setAttribute("aria-label", "State");
  const machines = document.createElement("select");
  machines.setAttribute("aria-label", "Machine");
  const told = document.createElement("output");
  bar.append(words, " ", states, " ", machines, " ", told);
  table.parentElement.before(bar);

  const fill = (select, all, columns) => {
    const counts = new Map();
    for (const row of rows) {
      for (const text of new Set(columns.map((column) => texts.get(row)[column]))) {
        counts.set(text, (counts.get(text) || 0) + 1);
      }
    }
    select.append(new Option(all, "*"));
    for (const text of Array.from(counts.keys()).sort(order.compare)) {
      select.append(new Option((text || "(none)") + " (" + counts.get(text) + ")", "=" + text));
    }
  };
  fill(states, "every state", [1]);
  fill(machines, "every machine", [2, 3]);

  const filter = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const cells = texts.get(row);
      const all = cells.join("\n").toLowerCase();
      const state = states.value === "*" || states.value === "=" + cells[1];
      const machine = machines.value === "*" || machines.value === "=" + cells[2] || machines.value === "=" + cells[3];
      row.hidden = !(state && machine && wanted.every((word) => all.includes(word)));
      shown += row.hidden ? 0 : 1;
    }
    told.textContent = shown + " of " + rows.length;
  };
  for (const input of [words, states, machines]) {
    input.addEventListener("input", filter);
  }

  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const compare = (a, b) => order.compare(texts.get(a)[column], texts.get(b)[column]);
      rows.sort((a, b) => (down ? compare(b, a) : compare(a, b)));
      body.append(...rows);
    });
  });
  filter();
}

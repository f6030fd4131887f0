// Clicks through a report page and writes what came of it into the document: read by people.sh.
(() => {
  const results = [];
  const check = (name, ok) => results.push((ok ? "ok   " : "WRONG ") + name);
  const table = document.querySelector("table.rows");
  const head = Array.from(table.querySelectorAll("th")).findIndex(th => th.textContent === "difference");
  const column = () => Array.from(table.querySelectorAll("tbody tr")).map(tr => parseFloat(tr.children[head].textContent));
  const sorted = values => values.every((v, i) => i === 0 || values[i - 1] <= v);
  table.querySelectorAll("th")[head].click();
  check("a click sorts a column, upwards", sorted(column()));
  table.querySelectorAll("th")[head].click();
  check("a second one downwards", sorted(column().reverse()));

  const filter = document.querySelector("input.filter");
  const words = Array.from(table.querySelectorAll("tbody tr"))[0].textContent.slice(0, 1) + " ea";
  filter.value = "no such words";
  filter.dispatchEvent(new Event("input"));
  check("the filter hides rows without its words", Array.from(table.querySelectorAll("tbody tr")).every(tr => tr.hidden));
  filter.value = words;
  filter.dispatchEvent(new Event("input"));
  const shown = Array.from(table.querySelectorAll("tbody tr")).filter(tr => !tr.hidden);
  check("the filter keeps the rows with its words", shown.length > 0 && shown.every(tr => words.split(" ").every(word => tr.textContent.includes(word))));
  filter.value = "";
  filter.dispatchEvent(new Event("input"));

  const box = document.querySelector("#contestants input[value=ea]");
  const of_ea = Array.from(document.querySelectorAll("[data-series=ea]"));
  box.click();
  check("a contestant is switched off", of_ea.length > 5 && of_ea.every(e => getComputedStyle(e).display === "none"));
  box.click();
  check("and on again", of_ea.some(e => getComputedStyle(e).display !== "none"));

  const rows = new Set(Array.from(document.querySelectorAll("tr[data-row]")).map(tr => tr.dataset.row));
  const marks = Array.from(document.querySelectorAll(".mark[data-row]"));
  check("every mark has its row", marks.length > 10 && marks.every(mark => rows.has(mark.dataset.row)));
  marks[0].dispatchEvent(new MouseEvent("mouseenter"));
  const behind = document.getElementById("behind");
  check("a mark tells its row", !behind.hidden && behind.textContent.includes("mean accuracy"));
  marks[0].dispatchEvent(new MouseEvent("mouseleave"));
  check("until it is left", behind.hidden);
  check("the page is not wider than the window", document.documentElement.scrollWidth <= window.innerWidth);
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const light_of = colour => colour.match(/\d+/g).slice(0, 3).reduce((a, b) => a + Number(b), 0) / 3;
  const style = getComputedStyle(document.body);
  check("text is legible in " + (dark ? "dark" : "light"),
        Math.abs(light_of(style.color) - light_of(style.backgroundColor)) > 130 &&
        (light_of(style.backgroundColor) < 128) === dark);
  check("nothing comes from a network", performance.getEntriesByType("resource").length === 0);
  const list = document.createElement("pre");
  list.id = "clicked";
  list.textContent = results.join("\n");
  document.body.append(list);
})();

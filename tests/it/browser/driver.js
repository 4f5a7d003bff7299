"use strict";

// Works the page as a person does, and leaves what came of it in the page.
(() => {
  const table = document.querySelector("table[data-filter]");
  const rows = () => Array.from(table.tBodies[0].rows).filter((row) => !row.hidden);
  const column = (name) =>
    Array.from(table.tHead.rows[0].cells).findIndex((cell) => cell.textContent.trim() === name);
  const numbers = (name) =>
    rows().map((row) => Number(row.cells[column(name)].querySelector("data").value));
  const texts = (name) => rows().map((row) => row.cells[column(name)].textContent);
  const press = (name) => table.tHead.rows[0].cells[column(name)].querySelector("button").click();
  const order = (name) => table.tHead.rows[0].cells[column(name)].getAttribute("aria-sort");
  const find = (words) => {
    const input = document.querySelector(".filter input");
    input.value = words;
    input.dispatchEvent(new Event("input"));
    return { rows: texts("Owner"), said: document.querySelector(".filter output").textContent };
  };

  const outcome = { owners: texts("Owner") };
  press("Clips");
  outcome.clipsDown = { order: order("Clips"), values: numbers("Clips") };
  press("Clips");
  outcome.clipsUp = { order: order("Clips"), values: numbers("Clips") };
  press("Owner");
  outcome.byOwner = { order: order("Owner"), values: texts("Owner"), others: order("Clips") };
  outcome.found = find(outcome.owners[0].toUpperCase());
  outcome.nothing = find("no such owner");
  outcome.again = find("");

  outcome.width = { page: document.documentElement.scrollWidth, window: window.innerWidth };
  const inSight = (cell) => {
    const place = cell.getBoundingClientRect();
    return place.width > 20 && place.left >= 0 && place.right <= window.innerWidth;
  };
  outcome.outOfSight = Array.from(document.querySelectorAll(".scroll"), (region) =>
    Array.from(region.querySelectorAll("thead th, tbody tr:first-child > *")))
    .flatMap((cells) => cells.filter((cell) => cell.closest("details:not([open])") === null))
    .filter((cell) => !inSight(cell))
    .map((cell) => cell.outerHTML.slice(0, 80));
  outcome.loaded = performance.getEntriesByType("resource").map((entry) => entry.name);
  const drawn = (figure) =>
    Array.from(figure.querySelectorAll("svg")).filter((svg) => svg.getBoundingClientRect().width > 0);
  outcome.charts = Array.from(document.querySelectorAll("figure"), (figure) => drawn(figure).length);
  outcome.unnamed = Array.from(document.querySelectorAll("[role=img], [role=region], nav, section"))
    .filter((part) => {
      const by = part.getAttribute("aria-labelledby");
      return !part.getAttribute("aria-label") && !(by && document.getElementById(by));
    })
    .map((part) => part.outerHTML.slice(0, 80));
  const regions = Array.from(document.querySelectorAll("[role=region], nav, section"), (part) =>
    part.getAttribute("aria-label") ??
    document.getElementById(part.getAttribute("aria-labelledby"))?.textContent);
  outcome.namedTwice = regions.filter((name, at) => regions.indexOf(name) !== at);

  const note = document.createElement("pre");
  note.id = "outcome";
  note.textContent = JSON.stringify(outcome);
  document.body.append(note);
})();

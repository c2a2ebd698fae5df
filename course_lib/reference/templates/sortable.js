for (const table of document.querySelectorAll("table.lr-rows[data-sortable]:not([data-live])")) {
  table.dataset.live = "";
  const body = table.tBodies[0], rows = [...body.rows], heads = [...table.tHead.rows[0].cells];
  const key = (row, i) => row.cells[i].textContent.trim();
  heads.forEach((head, i) => {
    const button = document.createElement("button");
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.onclick = () => {
      const down = head.ariaSort === "ascending";
      heads.forEach(one => one.removeAttribute("aria-sort"));
      head.ariaSort = down ? "descending" : "ascending";
      const order = (a, b) => key(a, i).localeCompare(key(b, i), "en", {numeric: true});
      rows.sort((a, b) => !key(a, i) - !key(b, i) || (down ? -order(a, b) : order(a, b)));
      body.append(...rows);
    };
  });
  const field = document.createElement("input");
  field.type = "search";
  field.placeholder = "show rows with …";
  field.setAttribute("aria-label", "show only the rows that contain this");
  field.oninput = () => rows.forEach(row => {
    row.hidden = !row.textContent.toLowerCase().includes(field.value.toLowerCase());
  });
  table.before(field);
}

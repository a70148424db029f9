/// The page's one script: it sorts and filters tables, and lets the arrow keys walk through the map.
///
/// The page's address says what is shown, to be kept or sent to somebody: `#sort=packages&order=descending&filter=kafka`.
enum PageScript {
    static let text = """

        "use strict";
        (() => {
          const valueOf = cell => cell.dataset.value === undefined ? cell.textContent.trim() : Number(cell.dataset.value);
          const compare = (a, b) => typeof a === "number" && typeof b === "number" ? a - b
            : String(a).localeCompare(String(b), "en", { numeric: true });

          function sort(table, column, descending) {
            const body = table.tBodies[0];
            const rows = Array.from(body.rows, (row, place) => ({ row, place, value: valueOf(row.cells[column]) }));
            rows.sort((a, b) => (descending ? compare(b.value, a.value) : compare(a.value, b.value)) || a.place - b.place);
            body.append(...rows.map(entry => entry.row));
            for (const head of table.tHead.rows[0].cells) head.removeAttribute("aria-sort");
            table.tHead.rows[0].cells[column].setAttribute("aria-sort", descending ? "descending" : "ascending");
          }

          function filter(field) {
            const table = document.getElementById(field.dataset.table);
            const words = field.value.toLowerCase().split(/\\s+/).filter(word => word);
            let shown = 0;
            for (const row of table.tBodies[0].rows) {
              row.text ??= row.textContent.toLowerCase();
              row.hidden = !words.every(word => row.text.includes(word));
              if (!row.hidden) shown += 1;
            }
            field.parentElement.querySelector("output").textContent =
              words.length ? `${shown} of ${table.tBodies[0].rows.length}` : "";
          }

          for (const table of document.querySelectorAll("table")) {
            if (!table.tHead) continue;
            Array.from(table.tHead.rows[0].cells).forEach((head, column) => {
              if (!head.dataset.key) return;
              const button = document.createElement("button");
              button.type = "button";
              button.append(...head.childNodes);
              head.append(button);
              button.addEventListener("click", () => {
                const order = head.getAttribute("aria-sort");
                sort(table, column, order ? order === "ascending" : head.classList.contains("number"));
              });
            });
          }

          for (const field of document.querySelectorAll("input[data-table]")) {
            field.parentElement.hidden = false;
            field.addEventListener("input", () => filter(field));
          }

          const cells = Array.from(document.querySelectorAll(".map li li"));
          cells.forEach((cell, place) => {
            cell.tabIndex = place ? -1 : 0;
            cell.addEventListener("keydown", event => {
              const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
              const next = event.key === "Home" ? cells[0] : event.key === "End" ? cells[cells.length - 1]
                : step ? cells[place + step] : event.key === "Escape" ? cell.blur() : undefined;
              if (!next) return;
              event.preventDefault();
              cell.tabIndex = -1;
              next.tabIndex = 0;
              next.focus();
            });
          });

          function follow() {
            const wanted = new URLSearchParams(location.hash.slice(1));
            const table = document.getElementById("image-table");
            const heads = Array.from(table.tHead.rows[0].cells);
            const column = heads.findIndex(head => head.dataset.key && head.dataset.key === wanted.get("sort"));
            if (column >= 0) sort(table, column, wanted.get("order") === "descending");
            if (wanted.has("filter")) {
              const field = document.querySelector("input[data-table=image-table]");
              field.value = wanted.get("filter");
              filter(field);
            }
          }
          follow();
          addEventListener("hashchange", follow);
        })();

        """
}

/// The script of the parts of a section: the number of the cell under the pointer, and choices.
enum PagePartScript {
    static let text = #"""
        for (const figure of document.querySelectorAll("figure[data-cells]")) {
          const svg = figure.querySelector("svg");
          const box = figure.querySelector(".hover");
          const mark = make("rect", { class: "cell", "pointer-events": "none", visibility: "hidden" });
          svg.append(mark);
          let map = null;
          let at = null;
          const hide = () => { mark.setAttribute("visibility", "hidden"); box.hidden = true; at = null; };
          const show = (row, column) => {
            map ??= JSON.parse(figure.dataset.cells);
            const value = map.values[row]?.[column];
            if (value === undefined || value === null) return hide();
            at = [row, column];
            const place = {
              x: map.left + column * map.cellWidth, y: map.top + row * map.cellHeight,
              width: map.cellWidth, height: map.cellHeight,
            };
            for (const key in place) mark.setAttribute(key, place[key]);
            mark.setAttribute("visibility", "visible");
            const heading = document.createElement("b");
            heading.textContent = `${map.rows[row]} · ${map.columns[column]}`;
            const line = document.createElement("span");
            line.textContent = write(value).replace("-", "−");
            box.replaceChildren(heading, line);
            const note = map.notes[row]?.[column];
            if (note) {
              const more = document.createElement("span");
              more.textContent = note;
              box.append(more);
            }
            box.hidden = false;
            const [frame, own] = [svg.getBoundingClientRect(), figure.getBoundingClientRect()];
            const scale = frame.width / svg.viewBox.baseVal.width;
            const here = frame.left - own.left + (place.x + place.width) * scale;
            const isRight = here + 12 + box.offsetWidth > figure.clientWidth;
            const left = isRight ? here - place.width * scale - 12 - box.offsetWidth : here + 12;
            box.style.left = `${Math.max(4, Math.min(left, figure.clientWidth - box.offsetWidth - 4))}px`;
            box.style.top = `${Math.max(4, frame.top - own.top + place.y * scale - box.offsetHeight - 8)}px`;
          };
          const point = (event) => {
            map ??= JSON.parse(figure.dataset.cells);
            const frame = svg.getBoundingClientRect();
            const scale = svg.viewBox.baseVal.width / frame.width;
            show(
              Math.floor(((event.clientY - frame.top) * scale - map.top) / map.cellHeight),
              Math.floor(((event.clientX - frame.left) * scale - map.left) / map.cellWidth));
          };
          svg.addEventListener("pointermove", point);
          svg.addEventListener("pointerdown", point);
          svg.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") hide(); });
          figure.addEventListener("blur", hide);
          figure.addEventListener("keydown", (event) => {
            const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
            if (!step) return;
            event.preventDefault();
            const [row, column] = at ? [at[0] + step[0], at[1] + step[1]] : [0, 0];
            map ??= JSON.parse(figure.dataset.cells);
            if (map.values[row]?.[column] !== undefined && map.values[row][column] !== null) show(row, column);
          });
        }
        const choices = [...document.querySelectorAll(".choice")].map((element) => {
          const select = element.querySelector("select");
          const bodies = [...element.children].filter((child) => child.classList.contains("option"));
          const show = (index) => {
            select.value = index;
            bodies.forEach((body, place) => { body.hidden = place !== index; });
          };
          element.classList.add("live");
          element.querySelector("label").hidden = false;
          show(select.selectedIndex);
          return { element, select, show, size: bodies.length };
        });
        for (const choice of choices) {
          choice.select.addEventListener("change", () => {
            const index = choice.select.selectedIndex;
            for (const other of choices) {
              if (other.element.dataset.label === choice.element.dataset.label && other.size === choice.size) other.show(index);
            }
          });
        }

        """#
}

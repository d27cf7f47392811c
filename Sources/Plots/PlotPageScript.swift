/// The script of a page: a line and the numbers of all series where the pointer is, or where arrow keys move it.
enum PlotPageScript {
    static let text = #"""
        "use strict";
        const make = (name, attributes) => {
          const element = document.createElementNS("http:" + "//www.w3.org/2000/svg", name);
          for (const key in attributes) element.setAttribute(key, attributes[key]);
          return element;
        };
        const write = (x) => {
          const size = Math.abs(x);
          if (Number.isInteger(x) && size < 1e9) return x.toLocaleString("en");
          if (size >= 1e-3 && size < 1e6) return Number(x.toPrecision(5)).toLocaleString("en", { maximumSignificantDigits: 5 });
          return x.toExponential(3);
        };
        for (const figure of document.querySelectorAll("figure[data-plot]")) {
          const plot = JSON.parse(figure.dataset.plot);
          const svg = figure.querySelector("svg");
          const box = figure.querySelector(".hover");
          const view = svg.viewBox.baseVal;
          const marks = make("g", { "pointer-events": "none" });
          svg.append(marks);
          const along = (axis, value) => ((axis.log ? Math.log10(value) : value) - axis.low) / (axis.high - axis.low);
          const place = (x) => plot.left + along(plot.x, x) * (plot.right - plot.left);
          const height = (y) => plot.bottom - along(plot.y, y) * (plot.bottom - plot.top);
          let at = null;
          const nearest = (points, x) => {
            let best = 0;
            for (let i = 0; i < points.length; i += 2) {
              if (Math.abs(place(points[i]) - x) < Math.abs(place(points[best]) - x)) best = i;
            }
            return best;
          };
          const hide = () => { marks.replaceChildren(); box.hidden = true; at = null; };
          const show = (x) => {
            at = Math.min(Math.max(x, plot.left), plot.right);
            const found = [];
            for (const series of plot.series) {
              if (series.points.length === 0) continue;
              const i = nearest(series.points, at);
              const item = { series, x: series.points[i], y: series.points[i + 1] };
              if (Math.abs(place(item.x) - at) < (series.dots ? 40 : 12)) found.push(item);
            }
            if (found.length === 0) return hide();
            const lead = found.find((item) => !item.series.dots) || found[0];
            const line = make("path", { class: "cursor", d: `M${place(lead.x)},${plot.top}V${plot.bottom}` });
            marks.replaceChildren(line);
            const heading = document.createElement("b");
            heading.textContent = `${plot.x.title} ${write(lead.x)}`;
            box.replaceChildren(heading);
            for (const item of found) {
              const color = "plot-fill" + item.series.color;
              marks.append(make("circle", { class: `${color} plot-dot`, cx: place(item.x), cy: height(item.y), r: 4.5 }));
              const row = document.createElement("span");
              const dot = make("svg", { viewBox: "0 0 10 10" });
              dot.append(make("circle", { class: color, cx: 5, cy: 5, r: 5 }));
              const value = document.createElement("i");
              value.textContent = write(item.y);
              const own = item.series.dots && item.x !== lead.x ? ` (${write(item.x)})` : "";
              row.append(dot, item.series.name + own, value);
              box.append(row);
            }
            box.hidden = false;
            const scale = svg.clientWidth / view.width;
            const left = svg.offsetLeft || svg.getBoundingClientRect().left - figure.getBoundingClientRect().left;
            const here = left + place(lead.x) * scale;
            const isRight = here + 16 + box.offsetWidth > figure.clientWidth;
            box.style.left = `${Math.max(4, isRight ? here - 16 - box.offsetWidth : here + 16)}px`;
            box.style.top = `${plot.top * scale + 8}px`;
          };
          svg.addEventListener("pointermove", (event) => {
            const frame = svg.getBoundingClientRect();
            show((event.clientX - frame.left) / frame.width * view.width);
          });
          svg.addEventListener("pointerleave", hide);
          figure.addEventListener("blur", hide);
          figure.addEventListener("keydown", (event) => {
            const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
            if (!step) return;
            event.preventDefault();
            show((at ?? (step > 0 ? plot.left : plot.right)) + step * (plot.right - plot.left) / 100);
          });
        }

        """#
}

"use strict";
(() => {
  const find = (query, from = document) => from.querySelector(query);
  const all = (query, from = document) => [...from.querySelectorAll(query)];
  let data = JSON.parse(find("#data").textContent);
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const narrow = matchMedia("(max-width: 560px)");
  const coarse = matchMedia("(pointer: coarse)");
  const drawn = new Map();

  // The colours are the style sheet's: an element of that colour says what the browser makes of it.
  const probe = document.body.appendChild(document.createElement("i"));
  probe.hidden = true;
  const color = (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const faint = (name, share) => color(name).replace("rgb(", "rgba(").replace(")", `, ${share})`);

  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
  // Alone a report has a button for its colours, and the chart library packed; the pages bring both.
  const alone = Boolean(find("#plotly"));
  const button = find("#theme");
  const themed = () => {
    if (alone) named();
    for (const draw of drawn.values()) draw();
  };
  const named = () => {
    button.textContent = isDark() ? "Light" : "Dark";
    button.setAttribute("aria-label", isDark() ? "Use light colours" : "Use dark colours");
    button.setAttribute("aria-pressed", String(isDark()));
  };
  if (alone) {
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      themed();
    });
  }
  root.addEventListener("themed", themed);
  dark.addEventListener("change", themed);
  narrow.addEventListener("change", themed);

  for (const range of all(".compare input")) {
    const move = () => range.parentElement.style.setProperty("--x", `${range.value}%`);
    range.addEventListener("input", move);
    move();
  }

  const clock = (seconds) => {
    const whole = Math.floor(seconds);
    const two = (n) => String(n).padStart(2, "0");
    const minutes = Math.floor(whole / 60);
    const tail = `${two(whole % 60)}.${two(Math.floor((seconds - whole) * 100 + 1e-6))}`;
    return minutes >= 60 ? `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${tail}` : `${minutes}:${tail}`;
  };
  const bytes = (count) => {
    const units = ["B", "kB", "MB", "GB", "TB"];
    let value = count;
    let unit = 0;
    while (value >= 999.5 && unit < units.length - 1) {
      value /= 1000;
      unit += 1;
    }
    return `${unit ? value.toPrecision(3) : value} ${units[unit]}`;
  };

  // Round places on the time axis, named as clock times: Plotly's own would be seconds.
  const ticks = (from, to) => {
    const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
    const wanted = narrow.matches ? 4 : 9;
    const step = steps.find((s) => (to - from) / s <= wanted) || 7200;
    const places = [];
    for (let t = Math.ceil(from / step) * step; t <= to + 1e-9; t += step) places.push(Math.round(t * 10) / 10);
    const name = (t) => (step < 1 ? clock(t).replace(/0$/, "") : clock(t).replace(/\.\d+$/, ""));
    return { tickvals: places, ticktext: places.map(name) };
  };

  const axis = (more) => ({
    gridcolor: color("line"), linecolor: color("line"), zeroline: false, tickcolor: color("line"),
    tickfont: { color: color("muted"), size: 12 }, title: { font: { color: color("muted"), size: 12 } }, ...more,
  });
  const layout = (more) => ({
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false, autosize: true,
    font: { family: getComputedStyle(root).fontFamily, color: color("ink"), size: 13 },
    hoverlabel: { bgcolor: color("surface"), bordercolor: color("muted"), align: "left",
      font: { color: color("ink"), size: 13, family: getComputedStyle(root).fontFamily } },
    ...more,
  });
  const config = { responsive: true, displayModeBar: false, doubleClick: "reset", showTips: false };
  const titled = (text, more) => {
    const base = axis(more);
    return { ...base, title: { ...base.title, text, standoff: 4 } };
  };
  const bandShape = (axes) => ({
    type: "rect", layer: "below", xref: `${axes.x} domain`, yref: axes.y, x0: 0, x1: 1, y0: data.low, y1: data.high,
    fillcolor: faint("band", 0.18), line: { width: 0 },
  });
  const targetShape = (axes) => ({
    type: "line", layer: "below", xref: `${axes.x} domain`, yref: axes.y, x0: 0, x1: 1, y0: data.target, y1: data.target,
    line: { color: color("band"), width: 1 },
  });
  const draw = (element, make) => {
    const again = () => {
      const figure = make(element);
      // Paper is narrower than most screens, and an element is measured before the page is laid out for it.
      if (root.hasAttribute("data-print")) figure.layout.width = element.matches(".small") ? 420 : 640;
      return Plotly.react(element, figure.data, figure.layout, { ...config, ...figure.config });
    };
    drawn.set(element, again);
    return again();
  };

  // One step for each chunk, from its first frame to its last; the line breaks where nothing is known.
  const steps = (value) => ({
    x: data.chunks.flatMap((c) => [c.begins, c.ends]),
    y: data.chunks.flatMap((c) => [c[value], c[value]]),
  });
  // Bounds of the chunks in sight. So many that they would be a wall say nothing: closer up there are fewer.
  const MOST_BOUNDS = 100;
  const shapes = ([from, to]) => {
    const bounds = data.chunks.slice(1).map((c) => c.begins).filter((t) => t > from && t < to);
    const axes = { x: "x", y: "y" };
    return [
      ...(data.fixed ? [] : [bandShape(axes), targetShape(axes)]),
      ...(bounds.length > MOST_BOUNDS ? [] : bounds).map((t) => ({ type: "line", layer: "below", xref: "x", yref: "paper",
        x0: t, x1: t, y0: 0, y1: 1, line: { color: color("line"), width: 1 } })),
    ];
  };
  const known = (name) => data.chunks.map((c) => c[name]).filter((v) => v !== null);
  const along = (element) => {
    const { line, chunks } = data;
    const scores = line.vmaf.filter((v) => v !== null);
    const aims = data.fixed ? [] : [data.low, data.high];
    const lowest = Math.min(...[...aims, 100].concat(scores.length ? [scores.reduce((a, b) => Math.min(a, b), 100)] : []));
    const facts = line.chunk.map((k, at) => {
      const c = chunks[k];
      return [clock(line.time[at]), line.frame[at], k, c.crf, c.mean, c.bytes === null ? "–" : bytes(c.bytes), line.vmaf[at]];
    });
    const shown = element.layout ? [...element.layout.xaxis.range] : [0, data.seconds];
    // Three panels, one label: what is under the pointer is told wherever along the height it is.
    const told = { type: "scatter", mode: "lines", connectgaps: false, x: line.time, customdata: facts, name: "",
      hovertemplate: "<b>VMAF %{customdata[6]:.2f}</b>  %{customdata[0]}, frame %{customdata[1]}<br>" +
        "chunk %{customdata[2]}: mean %{customdata[4]:.2f}<br>CRF %{customdata[3]}, %{customdata[5]}<extra></extra>" };
    const silent = { type: "scatter", mode: "lines", hoverinfo: "skip", connectgaps: false };
    const crf = known("crf");
    const thick = chunks.length > 200 ? 1.2 : 2.5;
    return {
      data: [
        { ...told, y: line.vmaf, line: { color: color("frame"), width: line.time.length > 2000 ? 0.6 : 1 } },
        { ...told, y: line.chunk.map((k) => chunks[k].crf), yaxis: "y2", line: { color: "rgba(0,0,0,0)", width: 1 } },
        { ...told, y: line.chunk.map((k) => chunks[k].kbps), yaxis: "y3", line: { color: "rgba(0,0,0,0)", width: 1 } },
        { ...silent, ...steps("p5"), line: { color: color("vmaf"), width: thick * 0.6, dash: "dot" } },
        { ...silent, ...steps("mean"), line: { color: color("vmaf"), width: thick } },
        { ...silent, ...steps("crf"), yaxis: "y2", line: { color: color("crf"), width: thick } },
        { type: "bar", hoverinfo: "skip", yaxis: "y3", marker: { color: color("bytes"), line: { width: 0 } },
          x: chunks.map((c) => (c.begins + c.ends) / 2), width: chunks.map((c) => (c.ends - c.begins) * 0.96), y: chunks.map((c) => c.kbps) },
      ],
      layout: layout({
        margin: { l: narrow.matches ? 46 : 58, r: 12, t: 24, b: 32 }, hovermode: "x",
        dragmode: coarse.matches ? false : "zoom", bargap: 0, spikedistance: -1,
        xaxis: axis({ range: shown, minallowed: 0, maxallowed: data.seconds, anchor: "y3", showgrid: false, showspikes: true,
          spikemode: "across", spikesnap: "cursor", spikethickness: 1, spikedash: "solid", spikecolor: color("muted"), ...ticks(...shown) }),
        yaxis: axis({ domain: [0.5, 1], range: [Math.max(0, lowest - 2), 100.5], fixedrange: true, nticks: 6 }),
        yaxis2: axis({ domain: [0.255, 0.42], fixedrange: true, nticks: 4,
          range: crf.length ? [Math.min(...crf) - 3, Math.max(...crf) + 3] : [12, 50] }),
        yaxis3: axis({ domain: [0, 0.175], fixedrange: true, nticks: 4, rangemode: "tozero" }),
        shapes: shapes(shown),
        annotations: [["VMAF", 1], ["CRF", 0.42], ["kbit/s", 0.175]].map(([text, y]) => ({
          text: `<b>${text}</b>`, xref: "paper", yref: "paper", x: 0, y, xanchor: "left", yanchor: "bottom", xshift: narrow.matches ? -40 : -50,
          showarrow: false, font: { size: 12, color: color("muted") } })),
      }),
    };
  };

  const search = (element) => {
    const chunk = data.chunks[Number(element.closest("details").dataset.chunk)];
    const trials = chunk.trials;
    const guessed = trials.filter((t) => t.expected !== null);
    const line = { x: [], y: [] };
    for (const t of guessed) {
      line.x.push(t.crf, t.crf, null);
      line.y.push(t.expected, t.vmaf, null);
    }
    return {
      data: [
        { x: line.x, y: line.y, mode: "lines", hoverinfo: "skip", line: { color: color("bytes"), width: 1, dash: "dot" } },
        { x: guessed.map((t) => t.crf), y: guessed.map((t) => t.expected), mode: "markers", name: "",
          marker: { symbol: "circle-open", size: 9, color: color("muted"), line: { width: 1.5 } }, hovertemplate: "CRF %{x}<br>expected %{y:.2f}<extra></extra>" },
        { x: trials.map((t) => t.crf), y: trials.map((t) => t.vmaf), mode: "markers+text", name: "", text: trials.map((_, k) => ` ${k + 1}`),
          textposition: "middle right", textfont: { size: 12, color: color("muted") }, cliponaxis: false,
          marker: { size: trials.map((t) => (t.taken ? 13 : 9)), color: trials.map((t) => color(t.taken ? "good" : "vmaf")) },
          hovertemplate: "trial%{text}, CRF %{x}<br><b>VMAF %{y:.2f}</b><extra></extra>" },
      ],
      layout: layout({
        margin: { l: 48, r: 14, t: 12, b: 40 }, hovermode: "closest", dragmode: false,
        xaxis: titled("CRF", { fixedrange: true, nticks: 6 }), yaxis: titled("VMAF", { fixedrange: true, nticks: 6 }),
        shapes: data.fixed ? [] : [bandShape({ x: "x", y: "y" }), targetShape({ x: "x", y: "y" })],
      }),
    };
  };

  const foresight = () => {
    const groups = [["crf", (k) => k === 0, "first trial"], ["vmaf", (k) => k > 0, "later trial"]];
    const points = groups.map(([name, belongs, words]) => {
      const own = data.chunks.flatMap((c, chunk) => c.trials.map((t, k) => ({ ...t, chunk, k })))
        .filter((t) => t.expected !== null && belongs(t.k));
      return { x: own.map((t) => t.expected), y: own.map((t) => t.vmaf), mode: "markers", name: "", customdata: own.map((t) => [t.chunk, t.crf, t.k + 1]),
        marker: { size: 9, color: faint(name, 0.75), line: { width: 1, color: color(name) } },
        hovertemplate: `chunk %{customdata[0]}, trial %{customdata[2]} (${words}), CRF %{customdata[1]}<br>expected %{x:.2f}, <b>measured %{y:.2f}</b><extra></extra>` };
    });
    const values = points.flatMap((p) => [...p.x, ...p.y]);
    const ends = [Math.max(0, Math.min(...values) - 1), Math.min(101, Math.max(...values) + 1)];
    const diagonal = { type: "line", layer: "below", xref: "x", yref: "y", x0: ends[0], y0: ends[0], x1: ends[1], y1: ends[1], line: { color: color("muted"), width: 1, dash: "dash" } };
    return {
      data: points,
      layout: layout({
        margin: { l: 52, r: 14, t: 12, b: 44 }, hovermode: "closest", dragmode: false,
        xaxis: titled("expected VMAF", { range: ends, fixedrange: true, nticks: 7 }), yaxis: titled("measured VMAF", { range: ends, fixedrange: true, nticks: 7 }),
        shapes: [bandShape({ x: "x", y: "y" }), diagonal],
      }),
    };
  };

  const moves = (element) => {
    const whole = [0, data.seconds];
    const go = ([from, to]) => {
      const span = Math.min(Math.max(to - from, data.seconds / 2000), data.seconds);
      const start = Math.min(Math.max(0, from), data.seconds - span);
      return Plotly.relayout(element, { "xaxis.range": [start, start + span] });
    };
    const acts = {
      left: ([a, b]) => [a - (b - a) / 2, b - (b - a) / 2],
      right: ([a, b]) => [a + (b - a) / 2, b + (b - a) / 2],
      in: ([a, b]) => [a + (b - a) / 4, b - (b - a) / 4],
      out: ([a, b]) => [a - (b - a) / 2, b + (b - a) / 2],
      reset: () => whole,
    };
    for (const one of all("[data-move]")) {
      one.addEventListener("click", () => go(acts[one.dataset.move](element.layout.xaxis.range)));
    }
    // The names of the times, and the bounds, follow whatever part is shown.
    element.on("plotly_relayout", (change) => {
      if (Object.keys(change).some((key) => key.startsWith("xaxis.range") || key === "xaxis.autorange")) {
        const range = element.layout.xaxis.range;
        const named = ticks(...range);
        Plotly.relayout(element, { "xaxis.tickvals": named.tickvals, "xaxis.ticktext": named.ticktext, shapes: shapes(range) });
      }
    });
  };

  const unpack = async () => {
    const packed = Uint8Array.from(atob(find("#plotly").textContent), (c) => c.charCodeAt(0));
    const plain = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(plain).text();
    document.head.append(script);
    find("#plotly").remove();
  };
  const opened = (details) => {
    const element = find(".chart.small", details);
    if (details.open && !drawn.has(element)) draw(element, search);
  };
  // By keyboard the chart is a slider: its value is a chunk, whose numbers are told and pointed at.
  const walk = (element) => {
    const say = () => {
      const k = Number(element.getAttribute("aria-valuenow"));
      const c = data.chunks[k];
      element.setAttribute("aria-valuemax", data.chunks.length - 1);
      element.setAttribute("aria-valuetext", c.mean === null ? `chunk ${k}, from ${clock(c.begins)}: not known yet`
        : `chunk ${k}, from ${clock(c.begins)}: VMAF ${c.mean.toFixed(2)}, CRF ${c.crf}, ${bytes(c.bytes)}`);
      return c;
    };
    const point = () => {
      const c = say();
      const middle = (c.begins + c.ends) / 2;
      const [from, to] = element.layout.xaxis.range;
      const told = () => Plotly.Fx.hover(element, { xval: middle }, "xy");
      if (middle >= from && middle <= to) return told();
      const start = Math.min(Math.max(0, middle - (to - from) / 2), data.seconds - (to - from));
      return Plotly.relayout(element, { "xaxis.range": [start, start + to - from] }).then(told);
    };
    const keys = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageDown: -10, PageUp: 10, Home: -Infinity, End: Infinity };
    element.addEventListener("keydown", (event) => {
      if (!(event.key in keys) || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      const next = Number(element.getAttribute("aria-valuenow")) + keys[event.key];
      element.setAttribute("aria-valuenow", Math.min(Math.max(0, next), data.chunks.length - 1));
      point();
    });
    element.addEventListener("focus", () => { if (element.matches(":focus-visible")) point(); });
    element.addEventListener("blur", () => Plotly.Fx.unhover(element));
    say();
    return { say, point };
  };

  const start = async () => {
    if (alone) await unpack();
    const film = find("#along");
    if (film) {
      await draw(film, along);
      moves(film);
      const walking = walk(film);
      // Where the pointer is, so that what is told of that place stays when the chart is drawn anew.
      let pointer = null;
      film.addEventListener("mousemove", (event) => { if (event.isTrusted) pointer = event; }, true);
      film.addEventListener("mouseleave", () => { pointer = null; });
      // A film that runs: its page brings other numbers from time to time.
      root.addEventListener("fed", async () => {
        const zoomed = film.layout.xaxis.range[0] > 0 || film.layout.xaxis.range[1] < data.seconds;
        data = JSON.parse(find("#data").textContent);
        if (!data.chunks.length) return;
        if (!zoomed) film.layout.xaxis.range = [0, data.seconds];
        await drawn.get(film)();
        walking.say();
        if (pointer) {
          const place = pointer.target.isConnected ? pointer.target : document.elementFromPoint(pointer.clientX, pointer.clientY);
          place?.dispatchEvent(new MouseEvent("mousemove", { bubbles: true, clientX: pointer.clientX, clientY: pointer.clientY }));
        } else if (document.activeElement === film && film.matches(":focus-visible")) {
          walking.point();
        }
        root.dataset.fed = Number(root.dataset.fed || 0) + 1;
      });
    }
    if (find("#foresight")) await draw(find("#foresight"), foresight);
    for (const details of all("details")) {
      details.addEventListener("toggle", () => opened(details));
      opened(details);
    }
    const printing = (on) => () => {
      root.toggleAttribute("data-print", on);
      for (const again of drawn.values()) again();
    };
    addEventListener("beforeprint", printing(true));
    addEventListener("afterprint", printing(false));
    root.dataset.ready = "charts";
  };
  themed();
  start().catch((error) => {
    root.dataset.ready = "tables";
    for (const element of all(".chart")) element.textContent = `The chart could not be drawn here (${error.message}); the tables hold its numbers.`;
  });
})();

"use strict";
(function () {
  var root = document.documentElement;
  var theme = document.getElementById("theme");
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  function isDark() {
    return root.dataset.theme ? root.dataset.theme === "dark" : dark.matches;
  }
  function nameTheme() {
    theme.textContent = isDark() ? "Light colours" : "Dark colours";
  }
  theme.hidden = false;
  theme.addEventListener("click", function () {
    root.dataset.theme = isDark() ? "light" : "dark";
    nameTheme();
  });
  dark.addEventListener("change", nameTheme);
  nameTheme();

  var rows = [];

  // Unknown values stay at the end in either direction.
  function compare(column, numeric, sign) {
    return function (one, other) {
      var a = one.cells[column].dataset.value;
      var b = other.cells[column].dataset.value;
      if (a === undefined || b === undefined) {
        return (a === undefined) - (b === undefined);
      }
      return sign * (numeric ? a - b : a.localeCompare(b, undefined, { numeric: true }));
    };
  }
  function sortable(heads, body, mine) {
    heads.forEach(function (head, column) {
      var button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.textContent = "";
      head.appendChild(button);
      button.addEventListener("click", function () {
        var first = head.dataset.first || "ascending";
        var order = first;
        if (head.getAttribute("aria-sort") === first) {
          order = first === "ascending" ? "descending" : "ascending";
        }
        heads.forEach(function (each) { each.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", order);
        var sign = order === "ascending" ? 1 : -1;
        mine.sort(compare(column, head.dataset.numeric !== undefined, sign));
        mine.forEach(function (row) { body.appendChild(row); });
      });
    });
  }
  function filterable(controls, mine) {
    var text = controls.querySelector("input");
    var kind = controls.querySelector(".kind-filter");
    var status = controls.querySelector(".status-filter");
    var count = controls.querySelector("output");
    function filter() {
      var words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
      var shown = 0;
      mine.forEach(function (row) {
        var content = row.textContent.toLowerCase();
        var fits = (!kind.value || row.dataset.kind === kind.value) &&
          (!status.value || row.dataset.status === status.value) &&
          words.every(function (word) { return content.indexOf(word) >= 0; });
        row.hidden = !fits;
        shown += fits ? 1 : 0;
      });
      count.textContent = shown + " of " + mine.length + " rows";
    }
    [text, kind, status].forEach(function (control) {
      control.addEventListener("input", filter);
      control.addEventListener("change", filter);
    });
    controls.hidden = false;
    // A browser may bring back what was typed before the page was loaded again.
    filter();
  }
  document.querySelectorAll("section.board").forEach(function (board) {
    var table = board.querySelector("table");
    var mine = Array.prototype.slice.call(table.tBodies[0].rows);
    rows = rows.concat(mine);
    sortable(Array.prototype.slice.call(table.tHead.rows[0].cells), table.tBodies[0], mine);
    filterable(board.querySelector(".controls"), mine);
    table.tBodies[0].addEventListener("click", function (event) {
      var row = event.target.closest("tr");
      if (row && row.dataset.run && !event.target.closest("summary")) {
        choose(row.dataset.run === chosen ? null : row.dataset.run, null);
      }
    });
  });

  var found = JSON.parse(document.getElementById("charts").textContent);
  var names = Object.keys(found.charts);
  var views = [];
  var chosen = null;
  // What a click selects in one chart is selected in all, and in the table.
  function choose(run, source) {
    if (run === chosen) return;
    chosen = run;
    var selected = run === null ? [] : [{ fields: [{ type: "E", field: "run" }], values: [run] }];
    views.forEach(function (view) {
      if (view !== source) view.data("picked_store", selected).runAsync();
    });
    rows.forEach(function (row) {
      row.classList.toggle("picked", run !== null && row.dataset.run === run);
    });
  }
  function picks(spec) {
    return (spec.params || []).some(function (param) { return param.name === "picked"; });
  }
  function draw(name, spec) {
    return vegaEmbed("#" + name, spec, {
      mode: "vega-lite", renderer: "svg", actions: false, ast: true, defaultStyle: false,
      config: found.config, tooltip: { disableDefaultStyle: true },
    }).then(function (result) {
      document.getElementById(name).classList.add("drawn");
      if (!picks(spec)) return;
      views.push(result.view);
      result.view.addSignalListener("picked", function (_, value) {
        choose(value && value.run ? value.run[0] : null, result.view);
      });
    });
  }
  // One after the other, so that the page can be read and scrolled meanwhile.
  function drawNext() {
    var name = names.shift();
    if (!name) {
      root.dataset.charts = "drawn";
      return;
    }
    draw(name, found.charts[name]).catch(function (error) { console.error(name, error); })
      .then(function () { setTimeout(drawNext, 0); });
  }
  if (names.length) document.getElementById("chart-help").hidden = false;
  drawNext();
})();

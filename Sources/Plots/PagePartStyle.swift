/// The style rules of the parts of a section.
enum PagePartStyle {
    static let rules = """
        .formula {
          max-width: 820px; margin: 0 0 14px; padding: 10px 16px; border-left: 3px solid var(--line);
          background: var(--card); overflow-x: auto;
        }
        .formula pre { font: 14px/1.6 ui-monospace, 'SF Mono', Menlo, Consolas, monospace; white-space: pre; }
        .plots { margin: 0 0 16px; }
        .plots > figure { max-width: 900px; }
        .sideways { overflow-x: auto; }
        .sideways svg { display: block; width: 100%; height: auto; }
        .cell { fill: none; stroke: var(--ink); stroke-width: 1.5; }
        .choice { margin: 12px 0 20px; }
        .choice > label { display: inline-block; margin: 0 0 10px; font-size: 14px; color: var(--quiet); }
        .choice > label[hidden] { display: none; }
        select {
          font: inherit; color: var(--ink); background: var(--card); border: 1px solid var(--line); border-radius: 6px;
          padding: 4px 8px; margin-left: 6px; max-width: 100%;
        }
        .live > .option > h3 { display: none; }
        td.bar { width: 160px; min-width: 90px; padding-right: 0; }
        td.bar div { height: 12px; min-width: 1px; border-radius: 2px; background: #2a66c8; }
        tr.marked td { font-weight: 600; }
        @media (max-width: 640px) {
          .plots > figure { overflow-x: auto; }
          .plots > figure > svg { min-width: 520px; }
        }
        @media (prefers-color-scheme: dark) { td.bar div { background: #74a9ff; } }

        """
}

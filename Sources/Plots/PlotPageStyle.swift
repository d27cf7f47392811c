/// The style rules of a page, but for those of its plots.
enum PlotPageStyle {
    static let rules = """
        :root {
          --page: #f3f4f6; --card: #ffffff; --ink: #1d2126; --quiet: #5c6570; --line: #e1e4e8;
          --shadow: 0 1px 2px rgba(20, 25, 30, 0.06);
        }
        @media (prefers-color-scheme: dark) {
          :root { --page: #0d0f12; --card: #15181c; --ink: #e7eaee; --quiet: #9aa4af; --line: #282d33; --shadow: none; }
        }
        * { box-sizing: border-box; }
        body {
          margin: 0; background: var(--page); color: var(--ink);
          font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif;
        }
        main { max-width: 1320px; margin: 0 auto; padding: 32px 24px 64px; }
        h1 { font-size: 26px; line-height: 1.25; margin: 0; overflow-wrap: anywhere; }
        h2 { font-size: 19px; margin: 36px 0 12px; }
        h3 { font-size: 13px; font-weight: 600; color: var(--quiet); margin: 0 0 6px; }
        header p { margin: 4px 0 24px; color: var(--quiet); }
        section > p { max-width: 820px; margin: 0 0 12px; }
        .wide { overflow-x: auto; margin: 12px 0; }
        table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; }
        th, td { padding: 4px 12px; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
        th:first-child, td:first-child { text-align: left; }
        .figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); gap: 12px; margin: 0 0 16px; }
        .figures div, figure, article, details {
          background: var(--card); border: 1px solid var(--line); border-radius: 10px; box-shadow: var(--shadow);
        }
        .figures div { padding: 12px 16px; }
        dt { font-size: 13px; color: var(--quiet); }
        dd { margin: 0; font-size: 22px; font-weight: 600; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
        dd.note { font-size: 13px; font-weight: 400; color: var(--quiet); }
        .plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 540px), 1fr)); gap: 16px; }
        figure { position: relative; margin: 0; padding: 6px 6px 10px; }
        figure > svg { display: block; width: 100%; height: auto; touch-action: pan-y; }
        figcaption { padding: 0 18px 6px; font-size: 13px; color: var(--quiet); }
        article { padding: 14px 18px; margin: 0 0 12px; }
        pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; }
        details { margin: 24px 0 0; padding: 12px 18px; }
        summary { cursor: pointer; font-weight: 600; }
        details pre { margin-top: 10px; font: 13px/1.5 ui-monospace, 'SF Mono', Menlo, Consolas, monospace; }
        .hover {
          position: absolute; pointer-events: none; z-index: 1; padding: 8px 12px; border-radius: 8px; font-size: 13px;
          background: var(--card); border: 1px solid var(--line); box-shadow: 0 4px 16px rgba(0, 0, 0, 0.22);
          font-variant-numeric: tabular-nums; white-space: nowrap;
        }
        .hover b { display: block; font-weight: 600; margin-bottom: 2px; }
        .hover span { display: flex; gap: 8px; align-items: center; }
        .hover i { margin-left: auto; padding-left: 14px; font-style: normal; font-weight: 600; }
        .hover svg { width: 9px; height: 9px; flex: none; }
        .cursor { stroke: var(--quiet); stroke-width: 1; stroke-dasharray: 3 3; }

        """
}

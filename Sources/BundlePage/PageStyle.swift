/// The page's one style sheet: the system's fonts, one accent colour, light, dark and on paper.
enum PageStyle {
    /// The style sheet, with the places of a map.
    static func text(_ map: SpaceMapDrawing) -> String {
        """

        \(colours)
        \(general)
        \(tables)
        \(spaceMap)
        \(map.style)@media (max-width: 40rem) {
        \(narrow)
        \(map.narrowStyle)}
        \(paper)

        """
    }

    private static let colours = """
        :root { color-scheme: light dark; --back: #fbfbfa; --card: #fff; --ink: #1c2126; --soft: #59636e; --line: #e2e5e8;
          --faint: #f1f3f4; --accent: #0b6b74; --own: #cfe5e7; --own-ink: #12363a; --shared: #1f7a83; --shared-ink: #fff;
          --other: #dfe3e7; --other-ink: #2b333b; --good: #17692f; --warn: #8a5300; }
        @media (prefers-color-scheme: dark) {
          :root { --back: #14181b; --card: #1b2024; --ink: #e6e9ec; --soft: #9aa5b0; --line: #2e353b; --faint: #21272c;
            --accent: #66c7d0; --own: #1d4448; --own-ink: #dff1f3; --shared: #23757d; --shared-ink: #fff;
            --other: #363f47; --other-ink: #e6e9ec; --good: #7bd598; --warn: #f0b765; }
        }
        """

    private static let general = """
        * { box-sizing: border-box; }
        html { font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
          -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
        body { margin: 0 auto; max-width: 76rem; padding: 2.5rem 1.5rem 4rem; background: var(--back); color: var(--ink);
          font-variant-numeric: tabular-nums; }
        h1, h2, h3, p, ul, ol, dl, dd { margin: 0; }
        h1 { font-size: 2.2rem; font-weight: 650; letter-spacing: -.02em; line-height: 1.15; overflow-wrap: anywhere; }
        h1 span { font-weight: 400; color: var(--soft); }
        h2 { font-size: 1.3rem; font-weight: 650; letter-spacing: -.01em; }
        h3 { font-size: 1rem; font-weight: 650; margin: 1.75rem 0 .5rem; }
        a { color: var(--accent); text-decoration-thickness: 1px; text-underline-offset: .15em; }
        :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
        small { font-size: .8rem; color: var(--soft); }
        code, .code { font-family: ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", Menlo, monospace; font-size: .86em; }
        .long { overflow-wrap: anywhere; }
        section { margin-top: 3.25rem; }
        .kind { color: var(--accent); font-weight: 650; font-size: .78rem; letter-spacing: .12em; text-transform: uppercase;
          margin-bottom: .35rem; }
        .about { max-width: 46rem; color: var(--soft); margin: .6rem 0 1rem; overflow-wrap: anywhere; }
        .trust { margin-top: .7rem; }
        .seal { display: inline-block; border: 1px solid; border-radius: 1rem; padding: .05rem .7rem; margin-right: .5rem;
          font-weight: 600; font-size: .87rem; }
        .seal.good { color: var(--good); } .seal.good::before { content: "✓ "; }
        .seal.open, .seal.none { color: var(--warn); }
        .figures { list-style: none; padding: 0; margin: 1.75rem 0; display: grid; gap: 1px; background: var(--line);
          grid-template-columns: repeat(4, 1fr); border: 1px solid var(--line); border-radius: .6rem; overflow: hidden; }
        .figures li { background: var(--card); padding: .9rem 1.1rem; color: var(--soft); }
        .figures b { display: block; color: var(--ink); font-size: 1.65rem; font-weight: 600; line-height: 1.2;
          letter-spacing: -.02em; }
        .figures small { display: block; }
        .facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: .9rem 2rem; }
        .facts div:last-child { grid-column: 1 / -1; }
        .facts dt { font-size: .8rem; color: var(--soft); } .facts dd { overflow-wrap: anywhere; }
        nav { display: flex; flex-wrap: wrap; gap: .4rem 1.4rem; margin-top: 1.75rem; padding-top: .9rem;
          border-top: 1px solid var(--line); }
        nav a { text-decoration: none; }
        nav a:hover { text-decoration: underline; }
        .hint, .note { color: var(--soft); margin: .35rem 0 .9rem; max-width: 60rem; overflow-wrap: anywhere; }
        .note { border-left: 3px solid var(--line); padding-left: .8rem; margin-top: .9rem; }
        details { margin-top: 1rem; }
        summary { cursor: pointer; color: var(--accent); padding: .25rem 0; }
        .stages { list-style: none; padding: 0; counter-reset: stage; border-top: 1px solid var(--line); }
        .stages li { counter-increment: stage; border-bottom: 1px solid var(--line); }
        .stages details { margin: 0; }
        .stages summary { padding: .5rem 0; color: inherit; }
        .stages summary b::before { content: counter(stage) "  "; color: var(--soft); font-weight: 400; white-space: pre; }
        .stages summary span { color: var(--soft); margin-left: .5rem; }
        .stages dl { padding: 0 0 .8rem 2rem; } .stages dt { font-size: .8rem; color: var(--soft); margin-top: .3rem; }
        .stages dd { overflow-wrap: anywhere; }
        .plain { padding-left: 1.2rem; font-size: .87rem; overflow-wrap: anywhere; }
        .columns { columns: 22rem auto; column-gap: 2rem; margin-bottom: .8rem; }
        h4 { font-size: .87rem; font-weight: 600; margin: .9rem 0 .3rem; }
        footer { margin-top: 4rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--soft);
          font-size: .87rem; }
        """

    private static let tables = """
        .scroll { overflow-x: auto; margin-top: .5rem; }
        table { border-collapse: collapse; width: 100%; font-size: .93rem; }
        caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
        th, td { text-align: left; vertical-align: top; padding: .42rem 1.1rem .42rem 0; border-bottom: 1px solid var(--line); }
        th:last-child, td:last-child { padding-right: 0; }
        thead th { font-size: .8rem; font-weight: 600; color: var(--soft); white-space: nowrap; vertical-align: bottom;
          border-bottom-color: var(--soft); }
        tbody th { font-weight: 400; }
        td { overflow-wrap: anywhere; }
        td:first-child { min-width: 11rem; }
        .number { text-align: right; white-space: nowrap; overflow-wrap: normal; }
        td.number small { display: block; white-space: normal; max-width: 9rem; margin-left: auto; }
        tbody tr:hover { background: var(--faint); }
        tr:target { background: var(--own); color: var(--own-ink); }
        .whole { white-space: nowrap; }
        .name { font-weight: 550; margin-right: .4rem; }
        td small.code { color: var(--soft); white-space: nowrap; }
        #shared-table td:first-child { width: 34%; }
        .origin { display: block; color: var(--soft); font-size: .82rem; max-width: 44rem; }
        .away { border: 1px solid var(--soft); border-radius: 1rem; padding: 0 .5rem; font-size: .78rem; color: var(--soft); }
        .chip { display: inline-block; background: var(--faint); border-radius: .3rem; padding: 0 .4rem; margin: .06rem 0;
          font-size: .85rem; color: inherit; text-decoration: none; max-width: 100%; overflow-wrap: anywhere; }
        .chip:hover { background: var(--own); color: var(--own-ink); }
        .bar { display: block; width: 100%; min-width: 6rem; height: .6rem; margin-top: .42rem; }
        .bar .own { fill: var(--own); } .bar .shared { fill: var(--shared); }
        .kinds { max-width: 36rem; } .kinds td:last-child { width: 60%; }
        th button { font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; }
        th button:hover { color: var(--accent); }
        th button::after { content: "↕"; opacity: .35; margin-left: .3em; }
        th[aria-sort] { color: var(--ink); }
        th[aria-sort="ascending"] button::after { content: "↑"; opacity: 1; }
        th[aria-sort="descending"] button::after { content: "↓"; opacity: 1; }
        .filter { margin: .8rem 0 .3rem; display: flex; flex-wrap: wrap; gap: .3rem .7rem; align-items: center; }
        .filter[hidden] { display: none; }
        .filter label, .filter output { color: var(--soft); font-size: .87rem; }
        input { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: .4rem;
          padding: .25rem .6rem; width: 16rem; max-width: 100%; }
        """

    /// In tenths of a rem, as the cells' own labels: smaller ones can't be read.
    private static let spaceMap = """
        .legend { display: flex; flex-wrap: wrap; gap: .3rem 1.4rem; margin: .35rem 0 .8rem; color: var(--soft);
          font-size: .87rem; }
        .legend span::before { content: ""; display: inline-block; width: .8rem; height: .8rem; border-radius: .15rem;
          margin-right: .45rem; vertical-align: -.06rem; background: var(--other); }
        .legend .own::before { background: var(--own); } .legend .shared::before { background: var(--shared); }
        .skip { position: absolute; left: -99rem; } .skip:focus { position: static; }
        .map, .map ul { list-style: none; padding: 0; margin: 0; }
        .map { position: relative; aspect-ratio: 160 / 84; font-size: .8rem; line-height: 1.25; }
        .group { position: absolute; container-type: size; border: 1px solid var(--back); }
        .group > a { position: absolute; inset: 1px 1px auto; height: 1.3rem; padding: .1rem .35rem 0; overflow: hidden;
          white-space: nowrap; text-overflow: ellipsis; color: var(--ink); text-decoration: none; font-weight: 600; }
        .group > a span { color: var(--soft); font-weight: 400; }
        .group > a:hover { color: var(--accent); }
        .group ul { position: absolute; inset: 1.4rem 1px 1px; }
        .group li { position: absolute; container-type: size; border: 1px solid var(--back); border-radius: 3px;
          background: var(--other); color: var(--other-ink); cursor: default; }
        .own li { background: var(--own); color: var(--own-ink); }
        .shared li { background: var(--shared); color: var(--shared-ink); }
        .group:hover, .group:focus-within { z-index: 5; }
        .group li:hover, .group li:focus { z-index: 6; outline: 2px solid var(--accent); outline-offset: -1px; }
        .label { position: absolute; inset: .2rem .35rem; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }
        .label small { display: block; color: inherit; opacity: .85; font-size: inherit; }
        .tip { position: absolute; top: calc(100% + .3rem); left: 0; width: max-content; max-width: 23rem; padding: .5rem .7rem;
          background: var(--ink); color: var(--back); border-radius: .4rem; font-size: .87rem; line-height: 1.4;
          white-space: normal; overflow-wrap: anywhere; pointer-events: none; visibility: hidden; z-index: 9; }
        .r .tip { left: auto; right: 0; } .u .tip { top: auto; bottom: calc(100% + .3rem); }
        .map li li:hover > .tip, .map li li:focus > .tip, .map li li:target > .tip { visibility: visible; }
        @container (max-width: 3.2rem) or (max-height: 1.45rem) { .label { visibility: hidden; } }
        @container (max-height: 2.7rem) { .label small { display: none; } }
        @container (max-width: 3.2rem) or (max-height: 2.4rem) {
          .group > a { visibility: hidden; } .group ul { inset: 1px; }
        }
        """

    private static let narrow = """
        body { padding: 1.5rem 1rem 3rem; }
        h1 { font-size: 1.7rem; }
        .figures { grid-template-columns: repeat(2, 1fr); }
        .map { aspect-ratio: 90 / 130; }
        .r .tip { left: 0; right: auto; } .u .tip { top: calc(100% + .3rem); bottom: auto; }
        .nr .tip { left: auto; right: 0; } .nu .tip { top: auto; bottom: calc(100% + .3rem); }
        .tip { max-width: 60vw; }
        .stages summary span { display: block; margin-left: 1.9rem; }
        """

    private static let paper = """
        @media print {
          @page { size: A4; margin: 14mm 13mm; }
          :root { color-scheme: light; --back: #fff; --card: #fff; --ink: #111; --soft: #444; --line: #c9cdd1; --faint: #fff;
            --accent: #0b5b63; --own: #cfe5e7; --own-ink: #12363a; --shared: #1f7a83; --shared-ink: #fff; --other: #dfe3e7;
            --other-ink: #2b333b; --good: #17692f; --warn: #8a5300; }
          html { font-size: 9pt; } body { padding: 0; max-width: none; }
          nav, .filter, .skip, .tip, th button::after { display: none; }
          a { color: inherit; text-decoration: none; }
          section { margin-top: 2rem; }
          h2, h3, .legend, .hint, thead { break-after: avoid; }
          tr, .map, .figures, .facts div, .stages li { break-inside: avoid; }
          .scroll { overflow: visible; } th button { display: contents; }
          td:first-child { min-width: 15rem; } th, td { padding-right: .7rem; } .bar { min-width: 3.5rem; }
          thead { display: table-header-group; }
          .group li, .bar, .legend span::before, .chip { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
        }
        """
}

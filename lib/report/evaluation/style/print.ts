export const print = `
@media print {
  :root { color-scheme: light; font-size: 10.5px } #summary table { min-width: 0; table-layout: auto } .figures i { width: 3.2em }
  body { background: #fff; padding: 0; max-width: none; font-size: 1rem } nav, .controls, .shown, .pager, .over, .skip { display: none }
  .wide { overflow: visible; border: 0 } th, td { padding: .15rem .3rem } th[scope=row], thead th:first-child { position: static } article, .chart, tr { break-inside: avoid } .charts { grid-template-columns: repeat(3, 1fr) } .cards { grid-template-columns: repeat(5, 1fr) }
  h2, h3 { break-after: avoid } .picture, .bar { print-color-adjust: exact }
}
`;

const E = '\u001B';
const ends = ['\u0007', `${E}\\`];

/** Questions, titles, links, clipboard, window, reports, shell marks: what a program may print to reach further than its screen. */
export const hostile: readonly string[] = [
  ...ends.flatMap((end) => [
    ...[0, 1, 2].map((id) => `${E}]${id};stolen title${end}`),
    `${E}]4;1;?${end}`,
    `${E}]4;1;#000000;2;?${end}`,
    `${E}]7;file://evil.test/${end}`,
    `${E}]8;;https://evil.test/${end}link${E}]8;;${end}`,
    `${E}]8;id=1;javascript:alert(1)${end}link${E}]8;;${end}`,
    `${E}]9;notify${end}`,
    ...[10, 11, 12, 17, 19].map((id) => `${E}]${id};?${end}`),
    `${E}]50;?${end}`,
    `${E}]52;c;c3RvbGVuIGNsaXBib2FyZA==${end}`,
    `${E}]52;p;?${end}`,
    `${E}]104${end}`,
    `${E}]133;A${end}`,
    `${E}]777;notify;a;b${end}`,
    `${E}]1337;File=name=eA==;inline=1:PGltZyBzcmM9eD4=${end}`,
    `${E}]1337;CurrentDir=/evil${end}`,
  ]),
  ...['c', '0c', '>c', '>0c', '=c', '=0c', '5n', '6n', '?6n', '?15n', '?25n', '?26n', '?53n', '?996n'].map((tail) => `${E}[${tail}`),
  ...['>q', '>0q', '?u', '>1u', '$p', '4$p', '?1$p', '?1049$p', '?2026$p', 'x', '0x', '1x'].map((tail) => `${E}[${tail}`),
  ...Array.from({ length: 25 }, (_, op) => `${E}[${op}t`),
  ...['8;100;300t', '3;0;0t', '22;0t', '23;0t'].map((tail) => `${E}[${tail}`),
  ...['m', 'r', '"p', '"q', ' q', 's'].map((what) => `${E}P$q${what}${E}\\`),
  `${E}P+q544e${E}\\`,
  `${E}P=1s${E}\\`,
  `${E}Z`,
  '\u0005',
  '\u0007'.repeat(200),
  ...[9, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1015, 1016].map((mode) => `${E}[?${mode}h`),
  `${E}[?25;1003;1006h`,
  // The same questions with eight-bit introducers.
  '\u009Bc',
  '\u009B6n',
  '\u009D52;c;c3RvbGVu\u009C',
  '\u0090$qm\u009C',
  // Split in the middle by the end of a chunk.
  `${E}]52;c;`,
  `c3RvbGVu${ends[0] ?? ''}`,
  E,
  '[6n',
  '<a href="https://evil.test">a</a><img src=x onerror=alert(1)>',
];

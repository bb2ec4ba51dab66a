import axe from 'axe-core';
import type { Page } from 'playwright-core';

interface AxeAnswer {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
  }[];
}

/** The text of each violation, so that a failure says what to mend. */
export async function axeViolations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const answer = await page.evaluate(() =>
    (window as unknown as { axe: { run(options: object): Promise<AxeAnswer> } }).axe.run({ resultTypes: ['violations'] }),
  );
  return answer.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}\n${node.failureSummary}`));
}

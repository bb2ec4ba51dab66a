import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '@modelcontextprotocol/client';
import type { Page } from 'playwright-core';
import { startDesktopApp, type DesktopApp } from '../testing/page/desktop-app.ts';

/** No question is asked: this is about what runs. */
const policy = `version: 1
rules:
  - { id: commands-run, effect: allow, reason: Commands run in this test., tools: [bash] }
`;

interface Answer {
  readonly content: readonly { readonly text?: string }[];
}

const textOf = (answer: Answer): string => answer.content.map((part) => part.text ?? '').join('');

describe('a program in a terminal: the operator watches, types into it, and sees it again', () => {
  let desktop: DesktopApp;
  let client: Client;
  let page: Page;
  const problems: string[] = [];

  beforeAll(async () => {
    desktop = await startDesktopApp({ policy });
    client = await desktop.connect((await desktop.mint(['bash:exec'])).token);
    page = desktop.main;
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
  });

  afterAll(async () => {
    await desktop.stop();
  });

  const open = async (address: string): Promise<void> => {
    await page.evaluate((to) => {
      location.hash = to;
    }, address);
  };
  const screen = async (): Promise<string> => await page.locator('.xterm-rows').first().innerText();

  it('F74: what is typed reaches the program, is in the log without its text, and the recording shows it', async () => {
    // DA1 first: a terminal that answered it would type the answer into the line that is read.
    const command = String.raw`printf '\033[c\033[31mname?\033[0m '; read x; echo "got <$x>"`;
    const answer = client.callTool({ name: 'bash', arguments: { command, tty: true } }) as Promise<Answer>;
    answer.catch(() => undefined);
    await expect.poll(async () => (await desktop.invoke('calls.list', { states: ['running'] })).calls.length, { timeout: 20_000 }).toBe(1);
    const id = (await desktop.invoke('calls.list', { states: ['running'] })).calls[0]!.id;
    await open(`#/activity?call=${id}`);
    await expect.poll(screen, { timeout: 20_000 }).toContain('name?');

    // Watching types nothing.
    await page.locator('.terminal-host').click();
    await page.keyboard.type('not this');
    await page.getByRole('switch', { name: 'Type into it' }).click();
    await page.keyboard.type('Mira');
    await expect.poll(screen).toContain('Mira');
    await page.keyboard.press('Enter');
    expect(textOf(await answer)).toContain('got <Mira>');

    const { events } = await desktop.invoke('calls.get', { id });
    const sent = events.filter(({ type }) => type === 'call.input_sent');
    expect(sent.reduce((sum, { data }) => sum + Number(data['characters']), 0)).toBe('Mira\r'.length);
    expect(JSON.stringify(sent)).not.toContain('Mira');

    const finished = events.find(({ type }) => type === 'execution.finished')!;
    await open(`#/audit?event=${finished.seq}`);
    await page.getByText('The recording matches').waitFor();
    await page.getByRole('link', { name: 'Watch what it printed' }).click();
    await expect.poll(screen).toContain('got <Mira>');
    await page.getByRole('slider', { name: 'Position' }).fill('0');
    await expect.poll(screen).not.toContain('got <Mira>');
    await page.getByRole('button', { name: 'To the end' }).click();
    await expect.poll(screen).toContain('got <Mira>');
    expect(problems).toEqual([]);
  });
});

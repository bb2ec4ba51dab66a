import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ClientKind, ConnectPlan, DetectedClient } from '../../shared/domain/host.ts';
import type { AgentClients } from '../core/ports/machine.ts';

/** One world for the contract: Codex is there, with a configuration of its own, and nothing is connected. */
export interface AgentClientsWorld {
  readonly clients: AgentClients;
  /** The content of a file; null when there is none. */
  read(path: string): string | null;
  write(path: string, text: string): void;
  close(): void;
}

const MCP_URL = 'http://127.0.0.1:9876/mcp';
const TOKEN = 'gth_abcdefgh23456789_0123456789012345678901234567890123456789abc';
const OPTIONS = { mcpUrl: MCP_URL, disableOwnTools: true };

/** What every `AgentClients` promises; run against the fake and against real files. */
export const describeAgentClientsContract = (name: string, open: () => AgentClientsWorld): void => {
  describe(`agent clients contract: ${name}`, () => {
    let world: AgentClientsWorld;
    beforeEach(() => {
      world = open();
    });
    afterEach(() => {
      world.close();
    });
    const codex = async (): Promise<DetectedClient | undefined> =>
      (await world.clients.detect(MCP_URL)).find(({ kind }) => kind === 'codex');
    const contents = (plan: ConnectPlan): (string | null)[] => plan.files.map(({ path }) => world.read(path));

    it('names every kind once, and finds what is there', async () => {
      const found = await world.clients.detect(MCP_URL);
      expect(found.map(({ kind }) => kind).sort()).toEqual([...ClientKind.options].sort());
      for (const client of found) expect(DetectedClient.parse(client)).toEqual(client);
      expect(await codex()).toMatchObject({ found: true, connected: false, own_tools: 'on' });
    });

    it.each(ClientKind.options)('plans %s without writing, and without a token', async (kind) => {
      const plan = await world.clients.plan(kind, OPTIONS);
      expect(ConnectPlan.parse(plan)).toEqual(plan);
      expect(JSON.stringify(plan.commands)).toContain(MCP_URL);
      expect(plan.disables_own_tools).toBe(plan.can_disable_own_tools);
      for (const file of plan.files) expect(world.read(file.path)).toBe(file.before);
      if (kind !== 'generic') expect(plan.files.map(({ after }) => after).join('')).toContain('$GATEHOUSE_TOKEN');
    });

    it('applies a plan with the token, and undoes it', async () => {
      const plan = await world.clients.plan('codex', OPTIONS);
      const before = contents(plan);
      const { backups } = await world.clients.apply(plan, TOKEN);
      expect(contents(plan).join('')).toContain(TOKEN);
      expect(contents(plan).join('')).not.toContain('$GATEHOUSE_TOKEN');
      expect(backups.map((path) => world.read(path))).toEqual(before);
      expect(await codex()).toMatchObject({ connected: true, own_tools: 'off' });
      expect((await world.clients.undo('codex')).restored).toEqual(plan.files.map(({ path }) => path));
      expect(contents(plan)).toEqual(before);
      expect(await codex()).toMatchObject({ connected: false, own_tools: 'on' });
      await expect(world.clients.undo('codex')).rejects.toMatchObject({ code: 'not_found' });
    });

    it('leaves the own tools alone when that is not asked for', async () => {
      await world.clients.apply(await world.clients.plan('codex', { ...OPTIONS, disableOwnTools: false }), TOKEN);
      expect(await codex()).toMatchObject({ connected: true, own_tools: 'on' });
    });

    it('refuses a plan whose file changed since, and writes nothing', async () => {
      const plan = await world.clients.plan('codex', OPTIONS);
      const path = plan.files[0]?.path ?? '';
      world.write(path, 'model = "another"\n');
      await expect(world.clients.apply(plan, TOKEN)).rejects.toMatchObject({ code: 'conflict' });
      expect(world.read(path)).toBe('model = "another"\n');
      await expect(world.clients.undo('codex')).rejects.toMatchObject({ code: 'not_found' });
    });
  });
};

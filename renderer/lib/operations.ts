import {
  keepPreviousData,
  useMutation,
  useQuery,
  useQueryClient,
  type UseMutationResult,
  type UseQueryResult,
} from '@tanstack/react-query';
import type { Bridge } from '../../shared/contract/bridge.ts';
import type { InputOf, OperationName, OutputOf, Topic } from '../../shared/contract/contract.ts';
import { useBridge } from './bridge-context.ts';
import { OperationError } from './operation-error.ts';

/** Calls one operation of the contract. The dispatcher has parsed the answer by the contract, so its type is known here. Errors: `OperationError`. */
export async function invoke<Name extends OperationName>(bridge: Bridge, name: Name, input: InputOf<Name>): Promise<OutputOf<Name>> {
  const result = await bridge.invoke(name, input);
  if (!result.ok) throw new OperationError(result.error);
  return result.value as OutputOf<Name>;
}

/** The topic whose change makes the answers of an operation stale; the first part of its name. */
export function topicOf(name: OperationName): string {
  return name.slice(0, name.indexOf('.'));
}

/** What has to be fetched again when a topic changed: `status` counts and summarises everything else. */
export function staleAfter(topic: Topic): readonly string[] {
  if (topic === 'status' || topic === 'clients') return [topic];
  // A job is part of the call that started it.
  return topic === 'calls' ? ['calls', 'jobs', 'status'] : [topic, 'status'];
}

export interface OperationOptions {
  readonly enabled?: boolean;
  /** Milliseconds; for what time alone changes. */
  readonly refetchInterval?: number | false;
  /** Shows the last answer while another is fetched, for lists whose filters change. */
  readonly keepPrevious?: boolean;
}

export function useOperation<Name extends OperationName>(
  name: Name,
  input: InputOf<Name>,
  options: OperationOptions = {},
): UseQueryResult<OutputOf<Name>> {
  const { bridge } = useBridge();
  return useQuery<OutputOf<Name>>({
    queryKey: [topicOf(name), name, input],
    queryFn: () => invoke(bridge, name, input),
    enabled: options.enabled ?? true,
    refetchInterval: options.refetchInterval ?? false,
    ...(options.keepPrevious === true ? { placeholderData: keepPreviousData } : {}),
  });
}

/** A command: afterwards everything of its topic is fetched again, whether it worked or not. */
export function useCommand<Name extends OperationName>(name: Name): UseMutationResult<OutputOf<Name>, Error, InputOf<Name>> {
  const { bridge } = useBridge();
  const client = useQueryClient();
  return useMutation<OutputOf<Name>, Error, InputOf<Name>>({
    mutationFn: (input) => invoke(bridge, name, input),
    onSettled: () => client.invalidateQueries({ queryKey: [topicOf(name)] }),
  });
}

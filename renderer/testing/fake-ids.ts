import type { ApprovalId, CallId, Digest, TaskId, TokenId } from '../../shared/domain/identity.ts';

const letters = (seed: number, length: number): string => seed.toString(36).padStart(4, '0').padEnd(length, 'k3q7');

export const approvalId = (seed: number): ApprovalId => `apr_${letters(seed, 16)}` as ApprovalId;
export const callId = (seed: number): CallId => `call_${letters(seed, 20)}` as CallId;
export const taskId = (seed: number): TaskId => `task_${letters(seed, 16)}` as TaskId;
export const tokenId = (seed: number): TokenId => `tok_${letters(seed, 16)}` as TokenId;
export const digest = (seed: number): Digest => ((seed * 2654435761) >>> 0).toString(16).padStart(8, '0').repeat(8) as Digest;

/** An instant, seconds from now. */
export const ago = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString();
export const ahead = (seconds: number): string => ago(-seconds);

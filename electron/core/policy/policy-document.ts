import { PolicyFile } from '../../../shared/domain/policy.ts';
import { readYamlDocument, type YamlDocument } from '../yaml/yaml-document.ts';

/** A parsed policy with its places, so that every later problem can name its line. */
export type PolicyDocument = YamlDocument<PolicyFile>;

/** Reads the text by schema. All problems are collected, each with its line and column. */
export const readPolicyDocument = (text: string): PolicyDocument => readYamlDocument(text, PolicyFile, '`version: 1` and `rules:`');

/**
 * Names that usually hold passwords, tokens or keys: files and folders. A search does not look into them on its own; whoever wants to
 * names them as the path, and the shipped policy then asks. Case does not count. The list follows the shipped policy’s.
 */
const patterns: readonly RegExp[] = [
  /^\.env(\..*)?$/i,
  /^\.(npmrc|yarnrc|yarnrc\.yml|pypirc|netrc|pgpass|my\.cnf|htpasswd|git-credentials|dockercfg|boto|s3cfg|vault-token)$/i,
  /\.(pem|key|p12|pfx|jks|keystore|kdbx|ppk|asc|gpg|age|tfstate|tfvars|ovpn)$/i,
  /^(id_(rsa|dsa|ecdsa|ed25519).*|credentials(\..*)?|secrets?(\..*)?|service[-_]account.*\.json)$/i,
  /^\.(ssh|gnupg|aws|azure|kube|docker|password-store)$/i,
];

export function isSecretName(name: string): boolean {
  return patterns.some((pattern) => pattern.test(name));
}

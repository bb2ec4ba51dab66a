/** What is private where a policy file does not say: files that usually hold passwords, tokens, keys or somebody's data. */
export const PRIVATE_PATHS: readonly string[] = [
  'regex:(?i).*/\\.env(\\.[^/]*)?',
  'regex:(?i).*/\\.(npmrc|yarnrc|yarnrc\\.yml|pypirc|netrc|pgpass|my\\.cnf|htpasswd|git-credentials|dockercfg|boto|s3cfg|vault-token)',
  'regex:(?i).*\\.(pem|key|p12|pfx|jks|keystore|kdbx|ppk|asc|gpg|age|tfstate|tfvars|ovpn)',
  'regex:(?i).*/(id_(rsa|dsa|ecdsa|ed25519)[^/]*|credentials(\\.[^/]*)?|secrets?(\\.[^/]*)?(/.*)?|service[-_]account[^/]*\\.json)',
  'regex:(?i).*/\\.(ssh|gnupg|aws|azure|kube|docker|password-store)(/.*)?',
  'regex:(?i).*/\\.config/(gcloud|gh|hub|doctl|op)(/.*)?',
  'regex:(?i).*/\\.git/config',
];

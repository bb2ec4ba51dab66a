/**
 * What tells programs in a sandbox where the proxy is. For convenience only: a program that does not look has no network.
 * @param port on the sandbox's own 127.0.0.1
 */
export const proxyEnvironment = (port: number): Readonly<Record<string, string>> => {
  const proxy = `http://127.0.0.1:${port}`;
  // What listens inside the sandbox is reached without the proxy.
  const direct = 'localhost,127.0.0.1,::1';
  const named = { http_proxy: proxy, https_proxy: proxy, all_proxy: proxy, no_proxy: direct };
  const upper = Object.fromEntries(Object.entries(named).map(([name, value]) => [name.toUpperCase(), value]));
  // Node's own fetch and http look only when asked to.
  return { ...named, ...upper, NODE_USE_ENV_PROXY: '1' };
};

/** What programs read to learn which certificates to trust; each library has a name of its own for it. */
const trustVariables = [
  'SSL_CERT_FILE', // OpenSSL, Go, Ruby, Python, uv
  'NODE_EXTRA_CA_CERTS',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
  'GIT_SSL_CAINFO',
  'PIP_CERT',
  'CARGO_HTTP_CAINFO',
  'DENO_CERT',
  'AWS_CA_BUNDLE',
];

/**
 * What tells programs in a sandbox by which certificates to judge servers whose TLS we open. For convenience, too: a program that does not look
 * refuses our certificate.
 * @param file all that is to be trusted, the system's own included, as PEM
 */
export const trustEnvironment = (file: string): Readonly<Record<string, string>> =>
  Object.fromEntries(trustVariables.map((name) => [name, file]));

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

// Runs inside a sandbox: for each line of input, a list of probes as JSON, it prints what came of them.
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { connect as connectSecure } from 'node:tls';

const settle = (start) =>
  new Promise((resolve) => {
    setTimeout(resolve, 3000, 'no answer').unref();
    start(resolve, (error) => resolve(error.code ?? error.message));
  });

const text = (stream, done) => {
  let all = '';
  stream.setEncoding('utf8').on('data', (chunk) => (all += chunk));
  stream.once('end', () => done(all));
};

const probes = {
  tcp: ({ host, port }) => settle((done, fail) => connect({ host, port }, () => done('connected')).on('error', fail)),
  udp: ({ host, port }) =>
    settle((done, fail) => createSocket('udp4').send('hit', port, host, (error) => (error === null ? done('sent') : fail(error)))),
  dns: ({ host }) =>
    lookup(host).then(
      ({ address }) => address,
      (error) => error.code,
    ),
  http: ({ proxy, url, host }) =>
    settle((done, fail) =>
      request({ host: '127.0.0.1', port: proxy, path: url, headers: { host }, agent: false }, (answer) => text(answer, done))
        .on('error', fail)
        .end(),
    ),
  tls: ({ proxy, authority, name, ca }) =>
    settle((done, fail) =>
      request({ host: '127.0.0.1', port: proxy, method: 'CONNECT', path: authority, headers: { host: authority }, agent: false })
        .on('error', fail)
        .on('connect', (answer, socket) => {
          if (answer.statusCode !== 200) return done(answer.headers['x-gatehouse-refusal']);
          const secure = connectSecure({ socket, servername: name, ca }, () => secure.end(`GET /tls HTTP/1.0\r\nHost: ${name}\r\n\r\n`));
          text(secure.on('error', fail), done);
        })
        .end(),
    ),
};

createInterface({ input: process.stdin }).on('line', async (line) => {
  const answers = await Promise.all(JSON.parse(line).map((probe) => probes[probe.kind](probe)));
  console.log(JSON.stringify(answers));
});

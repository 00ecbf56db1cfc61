import type { Bytes } from './sockets.ts'

/**
 * Requests that no browser, bank or e-service writes, and what may be answered: nothing, or these. Where an answer must also be the last
 * one, since what follows on the connection could be taken for another request, the connection must be closed.
 */
export type Malformed = {
  readonly name: string
  readonly bytes: Bytes
  /** Of every answer that comes; empty: the connection is closed without one. */
  readonly answers: readonly number[]
  readonly closes?: true
}

const HOST = 'Host: localhost\r\n'
const FORM = 'Content-Type: application/x-www-form-urlencoded\r\n'
const get = (target: string, headers = HOST, version = 'HTTP/1.1'): string =>
  `GET ${target} ${version}\r\n${headers}\r\n`
const post = (headers: string, body: string): string => `POST /pay HTTP/1.1\r\n${HOST}${headers}\r\n${body}`
const NEXT = get('/healthz')
const CHUNKED = 'Transfer-Encoding: chunked\r\n'

const refused = (name: string, bytes: Bytes, ...answers: readonly number[]): Malformed => ({
  name,
  bytes,
  answers,
  closes: true,
})
const answered = (name: string, bytes: Bytes, ...answers: readonly number[]): Malformed => ({ name, bytes, answers })

const numbered = (count: number): string => Array.from({ length: count }, (_, n) => `a${n}: 1\r\n`).join('')

const METHODS: readonly Malformed[] = [
  answered('TRACE', `TRACE / HTTP/1.1\r\n${HOST}\r\n`, 404),
  refused('CONNECT to another host', 'CONNECT bank.example:443 HTTP/1.1\r\nHost: bank.example:443\r\n\r\n'),
  refused('CONNECT to a path', `CONNECT / HTTP/1.1\r\n${HOST}\r\n`),
  answered('OPTIONS *', `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`, 400),
  refused('a method that there is not', `BREW /pay HTTP/1.1\r\n${HOST}\r\n`, 400),
  answered('PUT where there is only POST', `PUT /v1/payments HTTP/1.1\r\n${HOST}Content-Length: 2\r\n\r\n{}`, 404),
  refused('HTTP/2 without asking', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400),
  answered('Upgrade to websocket', get('/healthz', `${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\n`), 200),
  answered(
    'Upgrade to h2c',
    get('/healthz', `${HOST}Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n`),
    200,
  ),
  answered('an expectation that nobody fulfils', get('/healthz', `${HOST}Expect: 200-ok\r\n`), 417),
  refused('a greeting in TLS', Buffer.from('16030100c8010000c40303', 'hex'), 400),
  refused('no method', `GET  HTTP/1.1\r\n${HOST}\r\n`, 400),
]

const TARGETS: readonly Malformed[] = [
  answered('dots upwards', get('/../../../etc/passwd'), 404),
  answered('dots upwards from files', get('/assets/../../../../etc/passwd'), 404),
  answered('dots in percent signs', get('/assets/%2e%2e%2f%2e%2e%2fetc/passwd'), 404),
  answered('a zero byte in percent signs', get('/pay/%00'), 404),
  answered('a zero byte in an id', get('/v1/payments/%00'), 401),
  answered('bytes that are no UTF-8', get('/pay/%ff%fe'), 404),
  answered('such bytes at a bank’s address', get('/psp/%ff/%fe/back'), 404),
  answered('such bytes for a picture', get('/look/%ff'), 404),
  answered('percent signs that mean nothing', get('/pay/%zz%1'), 404),
  answered('a query of nonsense', get('/healthz?%%%00=%ff&__proto__=1&constructor[prototype]=1'), 200),
  answered('a language of nonsense', get('/nowhere?lang=%ff%00'), 404),
  answered('backslashes', get('/pay\\..\\x'), 400),
  refused('raw bytes above ASCII', Buffer.from(get('/pay/\xff\xfe'), 'latin1'), 400),
  answered('another host in the target', get('http://bank.example/healthz'), 200),
  answered('a target that is no address', get('http://[/healthz'), 400),
  answered('a target of another kind', get('ftp://bank.example/healthz'), 400),
  answered('a host after two slashes', get('//bank.example/healthz'), 404),
  answered('a fragment', get('/healthz#part'), 200),
  answered('an asterisk', get('*'), 400),
  refused('a target of 200 kB', get(`/pay/${'a'.repeat(200_000)}`), 431),
]

const HEADERS: readonly Malformed[] = [
  refused('no Host', get('/healthz', ''), 400),
  refused('two Hosts', get('/healthz', `${HOST}Host: bank.example\r\n`), 400),
  ...['a b', '../../x', '[::1', 'a@b', '%00', '\xff\xfe', 'a:99999', '.1', '1.2.3.4.5'].map((host) =>
    answered(`Host: ${JSON.stringify(host)}`, get('/healthz', `Host: ${host}\r\n`), 400),
  ),
  refused('HTTP/1.0 without Host', get('/healthz', '', 'HTTP/1.0'), 400),
  answered('HTTP/1.0 with Host', get('/healthz', HOST, 'HTTP/1.0'), 200),
  refused('a header of 200 kB', get('/healthz', `${HOST}X: ${'a'.repeat(200_000)}\r\n`), 431),
  refused('headers of 20 kB together', get('/healthz', HOST + `X: ${'a'.repeat(500)}\r\n`.repeat(40)), 431),
  answered('a thousand headers', get('/healthz', HOST + numbered(1_000)), 200),
  answered('a thousand headers before Host', get('/healthz', numbered(1_000) + HOST), 400),
  refused('lines that end with LF only', 'GET /healthz HTTP/1.1\nHost: localhost\n\n', 400),
  refused('a folded header', get('/healthz', `${HOST}X: a\r\n b\r\n`), 400),
  refused('a zero byte in a header', get('/healthz', `${HOST}X: a\0b\r\n`), 400),
  refused('a space before the colon', get('/healthz', `${HOST}X : a\r\n`), 400),
  refused('a header without a colon', get('/healthz', `${HOST}nonsense\r\n`), 400),
  answered(
    'bytes above ASCII in headers that are read',
    get(
      '/v1/channels',
      `${HOST}Authorization: Bearer \xff\xfe\r\nAccept-Language: \xff\r\nX-Forwarded-For: \xff\r\nTraceparent: \xff\r\n`,
    ),
    401,
  ),
]

/** What one server takes for one request and another for two. */
const FRAMING: readonly Malformed[] = [
  refused('Content-Length beside chunks', post(`Content-Length: 4\r\n${CHUNKED}`, `0\r\n\r\n${NEXT}`), 400),
  refused('chunks beside Content-Length', post(`${CHUNKED}Content-Length: 40\r\n`, `0\r\n\r\n${NEXT}`), 400),
  refused('another Transfer-Encoding', post('Transfer-Encoding: xchunked\r\n', `0\r\n\r\n${NEXT}`), 400),
  refused('chunked, but not last', post('Transfer-Encoding: chunked, identity\r\n', `0\r\n\r\n${NEXT}`), 400),
  refused('Transfer-Encoding with a space before the colon', post('Transfer-Encoding : chunked\r\n', `0\r\n\r\n`), 400),
  refused('two Content-Lengths', post('Content-Length: 4\r\nContent-Length: 5\r\n', 'abcde'), 400),
  ...['-1', '+4', '0x4', '4, 4', '99999999999999999999999'].map((length) =>
    refused(`Content-Length: ${length}`, post(`Content-Length: ${length}\r\n`, 'abcd'), 400),
  ),
  refused('a body longer than announced', post(`${FORM}Content-Length: 2\r\n`, 'order=abc'), 422, 400),
  refused('a body of 10 GB announced', post(`${FORM}Content-Length: 9999999999\r\n`, 'order=abc'), 413),
  refused('a chunk’s length that is no number', post(FORM + CHUNKED, 'zz\r\nabc\r\n'), 400),
  refused('a chunk longer than announced', post(FORM + CHUNKED, '5\r\norder\rXX\r\n'), 400),
  refused('a chunk of more bytes than there are', post(FORM + CHUNKED, 'ffffffffffffffffff\r\nabc\r\n'), 400),
  refused('50 kB beside a chunk’s length', post(FORM + CHUNKED, `3;${'a'.repeat(50_000)}\r\nabc\r\n0\r\n\r\n`), 413),
  answered('100 kB in chunks of one byte', post(FORM + CHUNKED, `${'1\r\na\r\n'.repeat(100_000)}0\r\n\r\n`), 413),
  answered('100 kB at once', post(`${FORM}Content-Length: 100000\r\n`, 'a'.repeat(100_000)), 413),
  answered(
    'a body that GET does not have',
    `GET /healthz HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello${NEXT}`,
    200,
  ),
  answered('fifty requests at once', NEXT.repeat(50), 200),
  answered('parts without a border', post('Content-Type: multipart/form-data\r\nContent-Length: 5\r\n', 'abcde'), 422),
  answered('a packed body', post(`${FORM}Content-Encoding: gzip\r\nContent-Length: 5\r\n`, '\x1f\x8b\x08\0\0'), 422),
]

export const MALFORMED: readonly Malformed[] = [...METHODS, ...TARGETS, ...HEADERS, ...FRAMING]

// Compares the framing of random, mostly broken request streams with that of Node's own HTTP parser.
// What both accept, both must frame alike: the same method, target and body, request by request.
// Usage: node compare_framing.mjs PATH-OF-FRAME_DUMP [STREAMS [SEED]]
import http from "node:http";
import net from "node:net";
import { spawnSync } from "node:child_process";

const [dump, count = "2000", seedText = "1"] = process.argv.slice(2);
let seed = Number(seedText);
const random = (n) => {
  // xorshift32: the same streams for the same seed
  seed ^= seed << 13;
  seed ^= seed >>> 17;
  seed ^= seed << 5;
  return (seed >>> 0) % n;
};
const pick = (list) => list[random(list.length)];

const methods = ["GET", "POST", "HEAD", "PUT", "OPTIONS"];
const targets = ["/", "/a?b=c", "/%2F", "//x", "*", "http://h/p", "/a b", "/\x01", "a"];
const versions = ["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/1", "http/1.1"];
const fields = [
  "Host: a", "Host: a", "Host : a", "X: y", "X:", "X : y", " folded", "NoColon", "Connection: close",
  "Connection: keep-alive", "Content-Length: 3", "Content-Length: 3", "Content-Length: 03", "Content-Length: +3",
  "Content-Length: 3, 3", "Content-Length: 0x3", "Content-Length:", "Content-Length: 5", "Content-Length: 3 ",
  "Transfer-Encoding: chunked", "Transfer-Encoding: chunked", "Transfer-Encoding: Chunked",
  "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked, identity", "Transfer-Encoding: identity",
  "Transfer-Encoding:\tchunked", "Transfer-Encoding : chunked", "Transfer-Encoding: \x0bchunked", "X: a\rb",
  "Expect: 100-continue", "Trailer: T", "Cookie: a",
];
const bodies = [
  "", "abc", "abc", "3\r\nabc\r\n0\r\n\r\n", "3\r\nabc\r\n0\r\n\r\n", "3;e=f\r\nabc\r\n0\r\nT: 1\r\n\r\n",
  "03\r\nabc\r\n0\r\n\r\n", "0x3\r\nabc\r\n0\r\n\r\n", "3 \r\nabc\r\n0\r\n\r\n", "3\nabc\n0\n\n", "3\r\nabcX\r\n0\r\n\r\n",
  "3\r\nabc0\r\n\r\n", "A\r\n0123456789\r\n0\r\n\r\n", "0\r\n\r\n", "0\r\nContent-Length: 9\r\n\r\n", "fffffffffffffffff\r\nabc",
  "3;\r\nabc\r\n0\r\n\r\n", "3;a\nb\r\nabc\r\n0\r\n\r\n", "-3\r\nabc\r\n0\r\n\r\n", "0\r\n",
];
const eol = () => (random(40) === 0 ? pick(["\n", "\r", "\r\r\n"]) : "\r\n");

const request = () => {
  let text = random(20) === 0 ? "\r\n" : "";
  text += `${pick(methods)} ${random(4) ? "/" + random(100) : pick(targets)} ${random(4) ? "HTTP/1.1" : pick(versions)}${eol()}`;
  if (random(8)) text += `Host: h${eol()}`;
  for (let n = random(4); n > 0; --n) text += pick(fields) + eol();
  const framed = random(3);
  if (framed === 0) text += `Content-Length: 3${eol()}${eol()}abc`;
  else if (framed === 1) text += `Transfer-Encoding: chunked${eol()}${eol()}${pick(bodies)}`;
  else text += `${eol()}${pick(bodies)}`;
  return text;
};
const streams = Array.from({ length: Number(count) }, () => {
  let text = "";
  for (let n = 1 + random(3); n > 0; --n) text += request();
  return Buffer.from(text, "latin1");
});

let seen;
const server = http.createServer({ keepAliveTimeout: 1000 }, (req, res) => {
  const parts = [];
  const slot = [req.method, req.url, null];
  seen.push(slot);
  req.on("data", (part) => parts.push(part));
  req.on("end", () => {
    slot[2] = Buffer.concat(parts).toString("hex");
    res.end();
  });
});
server.on("clientError", (_error, socket) => socket.destroy());
server.on("checkContinue", (req, res) => server.emit("request", req, res));
server.on("checkExpectation", (req, res) => server.emit("request", req, res));
await new Promise((done) => server.listen(0, "127.0.0.1", done));

const node = (bytes) =>
  new Promise((done) => {
    seen = [];
    const socket = net.connect(server.address().port, "127.0.0.1", () => socket.end(bytes));
    socket.on("error", () => {});
    socket.on("data", () => {});
    socket.on("close", () => setImmediate(() => done(seen.filter((slot) => slot[2] !== null))));
  });

const ours = spawnSync(dump, { input: streams.map((s) => s.toString("hex")).join("\n") + "\n", maxBuffer: 1 << 28 })
  .stdout.toString().trim().split("\n").map((line) => JSON.parse(line));
if (ours.length !== streams.length) throw new Error(`${ours.length} answers for ${streams.length} streams`);

let both = 0, differ = 0, stricter = 0, laxer = 0;
for (let i = 0; i < streams.length; ++i) {
  const theirs = await node(streams[i]);
  const mine = ours[i].requests;
  const common = Math.min(mine.length, theirs.length);
  both += common;
  if (mine.length < theirs.length) ++stricter;
  if (mine.length > theirs.length) ++laxer;
  for (let n = 0; n < common; ++n) {
    if (JSON.stringify(mine[n]) === JSON.stringify(theirs[n])) continue;
    ++differ;
    console.log("framed differently:", JSON.stringify(streams[i].toString("latin1")), mine[n], theirs[n]);
    break;
  }
  if (mine.length > theirs.length && process.env.SHOW_LAXER)
    console.log("only ours accepts:", JSON.stringify(streams[i].toString("latin1")), mine.length, theirs.length);
}
server.close();
console.log(`${streams.length} streams, ${both} requests read by both, ${differ} framed differently, ` +
  `${stricter} streams where Node read more, ${laxer} where we did`);
process.exit(differ === 0 && both > 0 ? 0 : 1);

// node nodemailer.js PORT MESSAGES CONNECTIONS BYTES [KEY]: nodemailer's pool, composing a text and an HTML part for each.
const fs = require("fs");
const nodemailer = require("nodemailer");
const [port, messages, connections, bytes] = process.argv.slice(2, 6).map(Number);
const key = process.argv[6];
const transport = nodemailer.createTransport({
  host: "127.0.0.1", port, pool: true, maxConnections: connections, maxMessages: Infinity, ignoreTLS: true, secure: false,
  ...(key ? { dkim: { domainName: "example.net", keySelector: "s", privateKey: fs.readFileSync(key, "utf8") } } : {}),
});
const line = "A paragraph about the mathematics of deep learning, of about the length\n";
const text = line.repeat(Math.floor(bytes * 0.15 / line.length));
const html = "<p>" + line.repeat(Math.floor(bytes * 0.85 / line.length)) + "</p>";
let sent = 0, done = 0;
function next() {
  if (sent >= messages) return;
  const number = sent++;
  transport.sendMail({
    from: "a@example.net", to: { name: `Person Number ${number}`, address: `p${number}@example.net` }, subject: "Winter",
    text: `Dear Person Number ${number},\n${text}`, html: `Dear Person Number ${number}, ${html}`,
  }, (error) => {
    if (error) throw error;
    if (++done === messages) transport.close();
    next();
  });
}
for (let started = 0; started < connections * 2; started++) next();

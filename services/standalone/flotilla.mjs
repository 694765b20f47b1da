// The one file that older Nodes must be able to read: it says what is wrong in one line instead of a syntax error.
const major = Number(process.versions.node.split(".")[0]);
if (major < 24) {
  process.stderr.write(
    `Flotilla needs Node 24 or later; this is ${process.version}. On Linux npm install brings it: use npm start. ` +
      "Elsewhere take it from https://nodejs.org.\n",
  );
  process.exit(1);
}
await import("./src/main.ts");

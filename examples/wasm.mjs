// Runs a program for WASI with a file as its standard input: node wasm.mjs PROGRAM FILE
import { openSync, readFileSync } from "node:fs";
import { WASI } from "node:wasi";

const [program, file] = process.argv.slice(2);
const wasi = new WASI({ version: "preview1", args: [program], stdin: openSync(file) });
const { instance } = await WebAssembly.instantiate(readFileSync(program), wasi.getImportObject());
process.exit(wasi.start(instance));

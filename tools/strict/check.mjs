// Compiles documents of Typst under PDF/UA-1 and PDF/A-2a and prints what those
// standards reject, as JSON: one object for each document and standard.
//
//   node check.mjs FONTS FOLDER...
//
// FONTS is a folder of OpenType files; each FOLDER holds a document's report.typ
// and what it reads. Exit status 2 means that nothing could be checked.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

const standards = ["ua-1", "a-2a"];
const [fonts, ...folders] = process.argv.slice(2);
let NodeCompiler;
try {
  ({ NodeCompiler } = await import("@myriaddreamin/typst-ts-node-compiler"));
} catch (e) {
  console.error(`the package @myriaddreamin/typst-ts-node-compiler is not installed; run tools/deps.sh (${e.message})`);
  process.exit(2);
}

const said = (compiler, error) => compiler.fetchDiagnostics(error).map((d) => (typeof d === "string" ? d : JSON.stringify(d)));
const fontBlobs = readdirSync(fonts).sort().map((f) => readFileSync(join(fonts, f)));
for (const folder of folders) {
  if (!existsSync(join(folder, "report.typ"))) {
    console.error(`${folder} has no report.typ`);
    process.exit(2);
  }
  const compiler = NodeCompiler.create({ workspace: folder, fontArgs: [{ fontBlobs }] });
  const compiled = compiler.compile({ mainFilePath: join(folder, "report.typ") });
  const failed = compiled.takeError();
  for (const standard of standards) {
    const line = { document: basename(folder), standard, pages: compiled.result?.numOfPages ?? 0, bytes: 0, problems: [] };
    if (failed) {
      line.problems = said(compiler, failed);
    } else {
      try {
        line.bytes = compiler.pdf(compiled.result, { pdfStandard: standard, creationTimestamp: 0 }).length;
      } catch (e) {
        line.problems = [e.message ?? String(e)];
        try {
          line.problems = said(compiler, e);
        } catch {
          // The message is all there is.
        }
      }
    }
    console.log(JSON.stringify(line));
  }
}

// Says what Microsoft's own language service finds in queries: wrong syntax, unknown tables, columns and functions,
// wrong types. Reads {"tables": {name: "(column:type, ...)"}, "queries": {file: text}}, answers
// {file: {"findings": [text], "columns": [name]}}, the columns being those of the query's result.
// Tests run it with Node.js (tests/support/kql.py); nothing of it is deployed.
"use strict";

const { readFileSync } = require("node:fs");
const { join } = require("node:path");

const [, , modules] = process.argv;
for (const script of ["bridge.min.js", "Kusto.Language.Bridge.min.js"]) {
  require(join(modules, "@kusto", "language-service-next", script));
}

const { GlobalState, KustoCode, Symbols } = globalThis.Kusto.Language;
const asked = JSON.parse(readFileSync(0, "utf8"));

const tables = Object.entries(asked.tables).map(([name, schema]) => new Symbols.TableSymbol.$ctor7(name, schema, null));
const database = new Symbols.DatabaseSymbol.$ctor1("insights", tables);
const globals = GlobalState.Default.WithDatabase(database);

function each(list, say) {
  return Array.from({ length: list?.Count ?? 0 }, (_, at) => say(list.getItem(at)));
}

const answer = {};
for (const [file, text] of Object.entries(asked.queries)) {
  const code = KustoCode.ParseAndAnalyze(text, globals);
  const findings = each(code.GetDiagnostics(), ({ Severity, Message }) => `${Severity}: ${Message}`);
  const columns = each(code.ResultType?.Columns, ({ Name }) => Name);
  answer[file] = { findings, columns };
}
process.stdout.write(JSON.stringify(answer));

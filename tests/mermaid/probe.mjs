// Reads flowcharts of Mermaid, each as one line of JSON (a string), and answers each with what the parser of Mermaid
// made of it, on one line: nodes, edges and groups, or the error. Runs in a folder that holds mermaid and jsdom.

import { createInterface } from "node:readline";
import { JSDOM } from "jsdom";

const { window } = new JSDOM("");
globalThis.window = window;
globalThis.document = window.document;
const { default: mermaid } = await import("mermaid");

for await (const line of createInterface({ input: process.stdin })) {
  let said;
  try {
    const text = JSON.parse(line);
    const { diagramType } = await mermaid.parse(text);
    const { db } = await mermaid.mermaidAPI.getDiagramFromText(text);
    said = {
      type: diagramType,
      nodes: [...db.getVertices().values()].map((node) => [node.id, node.text, node.type ?? null]),
      edges: db.getEdges().map((edge) => [edge.start, edge.end, edge.text, edge.stroke]),
      groups: db.getSubGraphs().map((group) => [group.id, group.title, group.nodes]),
    };
  } catch (error) {
    said = { error: String(error) };
  }
  process.stdout.write(JSON.stringify(said) + "\n");
}

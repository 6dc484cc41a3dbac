// Reads the list with the types that openapi-typescript generates: whatever they do not know does not compile.
import type { components, paths } from "./api";

type List = paths["/api/v1/services/"]["get"]["responses"]["200"]["content"]["application/json"];
type Problem = components["schemas"]["Problem"];
type Judged = components["schemas"]["Entitlement"];

declare const process: { argv: string[] };
const root = process.argv[2];

async function read<Answer>(path: string, body?: object): Promise<Answer> {
  const sent = body && { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
  return (await (await fetch(`${root}${path}`, sent || {})).json()) as Answer;
}

async function main(): Promise<void> {
  const list = await read<List>("/api/v1/services/?q=%E5%85%BB%E8%80%81");
  const first = list.results[0];
  const verification: components["schemas"]["Verification"] | null = first.verification?.name ?? null;
  const sparse = await read<List>("/api/v1/services/?q=%E5%85%BB%E8%80%81&fields=code,name");
  const problem = await read<Problem>("/api/v1/services/?domian=NM-05");
  const judged = await read<Judged>("/api/v1/entitlements/", { circumstances: { age: 70 } });
  console.log(
    JSON.stringify({
      code: first.code,
      field: first.matches?.[0].field,
      verification,
      sparse: [sparse.results[0].name, sparse.results[0].content ?? null],
      digest: list.edition.digest,
      refused: problem.errors?.[0].field,
      asked: judged.next_question?.fact,
    }),
  );
}

void main();

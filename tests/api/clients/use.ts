// A program that knows the interface by its generated types only: it pulls, shows, is refused, and tries a batch.
// tsc checks it against the types (`make api-check`); what it prints is compared with what the interface says.
import createClient from "openapi-fetch";
import type { components, paths } from "./interface.js";

declare const process: { env: { KAMCOMP_AT: string; KAMCOMP_KEY: string } };
type Payout = components["schemas"]["Payout"];
type Page = components["schemas"]["PayoutPage"];
const NOWHERE = "pay_00000000000000000000000000";
const client = createClient<paths, "application/json" | "application/problem+json">({
  baseUrl: process.env.KAMCOMP_AT,
  headers: { Authorization: `Bearer ${process.env.KAMCOMP_KEY}` },
});

async function pageAfter(cursor: string | null): Promise<Page> {
  const query = cursor === null ? { limit: 1 } : { limit: 1, cursor };
  const { data, error } = await client.GET("/api/v1/payouts", { params: { query } });
  if (error) throw new Error(error.detail);
  return data as Page; // of whole rows: `fields` is not said
}

async function* payouts(): AsyncGenerator<Payout> {
  let cursor: string | null = null;
  do {
    const page: Page = await pageAfter(cursor);
    yield* page.data;
    cursor = page.next_cursor;
  } while (cursor !== null);
}

const pulled: [string, string, string][] = [];
for await (const each of payouts()) pulled.push([each.id, each.amount.amount, each.amount.currency]);
const shown = await client.GET("/api/v1/payouts/{key}", { params: { path: { key: pulled[0]![0] } } });
const missing = await client.GET("/api/v1/payouts/{key}", { params: { path: { key: NOWHERE } } });
const row = { metric_code: "NONE", account_code: "KES", from: "2027-01-01", to: "2027-03-31", target: "1.00" };
const tried = await client.POST("/api/v1/targets:batch", {
  params: { header: { "Idempotency-Key": "tried-by-a-client" } },
  body: { rows: [row], dry_run: true, partial: false },
});
console.log(
  JSON.stringify({
    pulled,
    shown: shown.data?.employee_id,
    missing: missing.error?.code,
    tried: tried.data?.errors.map((each) => [each.index, each.code]),
  }),
);

// A program that knows the interface by its generated types only: it pulls, shows, is refused, and tries a batch.
// tsc checks it against the types (`make api-check`); what it prints is compared with what the interface says.
import createClient from "openapi-fetch";
import type { components, paths } from "./interface.js";

declare const process: { env: { KAMCOMP_AT: string; KAMCOMP_KEY: string } };
type Payout = components["schemas"]["Payout"];
const NOWHERE = "pay_00000000000000000000000000";
const client = createClient<paths>({
  baseUrl: process.env.KAMCOMP_AT,
  headers: { Authorization: `Bearer ${process.env.KAMCOMP_KEY}` },
});

async function* payouts(): AsyncGenerator<Payout> {
  let cursor: string | null | undefined = undefined;
  do {
    const { data, error } = await client.GET("/api/v1/payouts", {
      params: { query: { limit: 1, ...(cursor ? { cursor } : {}) } },
    });
    if (error) throw new Error(error.detail);
    yield* data.data;
    cursor = data.next_cursor;
  } while (cursor);
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

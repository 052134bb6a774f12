// A Roost marketplace from TypeScript: REST and GraphQL, both typed by what the
// server promises.
import createRestClient, { type Client } from "openapi-fetch";
import { initGraphQLTada, type ResultOf, type TadaDocumentNode, type VariablesOf } from "gql.tada";
import { print, type DocumentNode } from "graphql";

import type { paths } from "./generated/rest.js";
import type { introspection } from "./generated/graphql-env.js";

/** Writes documents; their results and variables are typed by the schema. */
export const graphql = initGraphQLTada<{
  introspection: introspection;
  scalars: {
    /** `2030-05-01` */
    Date: string;
    /** RFC 3339, UTC */
    DateTime: string;
    /** `15:00` */
    ClockTime: string;
    Cursor: string;
    /** Smallest units of a currency; safe up to 2^53. */
    MinorUnits: number;
    JSON: unknown;
    Upload: Blob;
  };
}>();

export type { ResultOf, VariablesOf } from "gql.tada";

/** One mistake of a request, as the server tells it. */
export interface Refusal {
  message: string;
  extensions?: { code?: string; status?: number; errors?: { field: string | null; code: string; message: string }[] };
}

/** What the server refused; `code` is a stable word such as `not_found`. */
export class GraphqlError extends Error {
  readonly code: string;
  constructor(readonly refusals: Refusal[]) {
    super(refusals.map((refusal) => refusal.message).join("; "));
    this.name = "GraphqlError";
    this.code = refusals[0]?.extensions?.code ?? "unknown";
  }
}

/** A marketplace, as one person or as nobody sees it. */
export class Roost {
  /** Every operation of REST, typed by the OpenAPI document. */
  readonly rest: Client<paths>;

  /** `base` is where the marketplace is, e.g. `http://127.0.0.1:8080`. */
  constructor(
    readonly base: string,
    readonly token?: string,
  ) {
    this.rest = createRestClient<paths>({ baseUrl: base, ...(token ? { headers: { authorization: `Bearer ${token}` } } : {}) });
  }

  /** Runs a document. Refusals at the top level become a {@link GraphqlError}; those of a mutation stand in its payload. */
  async query<Document extends TadaDocumentNode<any, any, any>>(
    document: Document,
    variables: VariablesOf<Document>,
  ): Promise<ResultOf<Document>> {
    const response = await fetch(`${this.base}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", ...(this.token ? { authorization: `Bearer ${this.token}` } : {}) },
      body: JSON.stringify({ query: print(document as DocumentNode), variables }),
    });
    const answer = (await response.json()) as { data?: ResultOf<Document>; errors?: Refusal[] };
    if (answer.errors?.length || answer.data === undefined) {
      throw new GraphqlError(answer.errors ?? [{ message: `HTTP ${response.status}` }]);
    }
    return answer.data;
  }

  /** Watches a subscription over server-sent events until the loop is left. */
  async *watch<Document extends TadaDocumentNode<any, any, any>>(
    document: Document,
    variables: VariablesOf<Document>,
  ): AsyncGenerator<ResultOf<Document>> {
    const ended = new AbortController();
    const response = await fetch(`${this.base}/graphql`, {
      method: "POST",
      signal: ended.signal,
      headers: {
        "content-type": "application/json",
        accept: "text/event-stream",
        ...(this.token ? { authorization: `Bearer ${this.token}` } : {}),
      },
      body: JSON.stringify({ query: print(document as DocumentNode), variables }),
    });
    try {
      let text = "";
      for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
        text += part;
        for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
          const event = text.slice(0, end).split("\n");
          text = text.slice(end + 2);
          const data = event.filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trim()).join("\n");
          if (!event.includes("event: next") || !data) continue;
          const answer = JSON.parse(data) as { data?: ResultOf<Document>; errors?: Refusal[] };
          if (answer.errors?.length || !answer.data) throw new GraphqlError(answer.errors ?? []);
          yield answer.data;
        }
      }
    } finally {
      ended.abort();
    }
  }
}

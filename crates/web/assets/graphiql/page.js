// Starts GraphiQL against this marketplace. A token goes into the editor's
// headers: {"Authorization": "Bearer …"}; subscriptions take it from there too.
(function () {
  "use strict";
  const socket = (location.protocol === "https:" ? "wss:" : "ws:") + "//" + location.host + "/graphql";
  const fetcher = GraphiQL.createFetcher({ url: "/graphql", subscriptionUrl: socket });
  const welcome = [
    "# Everything that the REST API reads and does. Put a token under Headers:",
    '# {"Authorization": "Bearer …"}',
    "{",
    "  listings(first: 5) {",
    "    totalCount",
    "    edges { hit { title location { city } price { nightly { amount currency } } } node { host { name } } }",
    "  }",
    "}",
    "",
  ].join("\n");
  ReactDOM.createRoot(document.getElementById("graphiql")).render(
    React.createElement(GraphiQL, { fetcher, defaultQuery: welcome, defaultEditorToolsVisibility: "headers" }),
  );
})();

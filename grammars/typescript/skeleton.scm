; What a skeleton of TypeScript may leave out beside what it shares with JavaScript.

(public_field_definition name: (_) @name
  value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)]) @function

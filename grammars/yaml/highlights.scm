; What the source view colours in YAML. `codereader.fronts.tui.source.highlight` tells the captures.

(comment) @comment
[(string_scalar) (double_quote_scalar) (single_quote_scalar) (block_scalar)] @string
(escape_sequence) @escape
[(integer_scalar) (float_scalar) (timestamp_scalar)] @number
[(boolean_scalar) (null_scalar)] @constant
(block_mapping_pair key: (flow_node [(plain_scalar (string_scalar) @property) (double_quote_scalar) @property
  (single_quote_scalar) @property]))
(flow_pair key: (flow_node [(plain_scalar (string_scalar) @property) (double_quote_scalar) @property
  (single_quote_scalar) @property]))
[(anchor) (alias)] @label
[(tag) (yaml_directive) (tag_directive) (reserved_directive)] @attribute
["-" "---" "..." ":" "?" "|" ">"] @operator

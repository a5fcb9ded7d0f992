; The outline of a YAML file: the keys of its two upper levels.

(comment) @doc

(document (block_node (block_mapping (block_mapping_pair key: (_) @name value: (block_node) @body) @definition.key)))
(document (block_node (block_mapping (block_mapping_pair key: (_) @name) @definition.key)))
(document (block_node (block_mapping (block_mapping_pair value: (block_node (block_mapping
  (block_mapping_pair key: (_) @name value: (block_node) @body) @definition.key))))))
(document (block_node (block_mapping (block_mapping_pair value: (block_node (block_mapping
  (block_mapping_pair key: (_) @name) @definition.key))))))
(document (flow_node (flow_mapping (flow_pair key: (_) @name) @definition.key)))

(ERROR) @error
(MISSING) @error

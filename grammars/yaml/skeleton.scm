; What a skeleton of a YAML file may leave out.

(comment) @comment
(block_mapping_pair value: (block_node [(block_mapping) (block_sequence)] @value))
(block_sequence_item (block_node [(block_mapping) (block_sequence)] @value))
(flow_mapping) @value
(flow_sequence) @value
(block_scalar) @text

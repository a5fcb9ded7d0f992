"""Metadata of a small model of each architecture that llama.cpp knows, so that it makes one of it without a file.

Small in width, true in structure: every kind of layer, head count and pattern that the architecture has.
"""

from __future__ import annotations

from array import array

from tests.gguf_files import Value

LAYERS = 6
EVERY_SECOND = [number % 2 for number in range(LAYERS)]
EVERY_OTHER = [1 - number % 2 for number in range(LAYERS)]
SOME_HEADLESS = [0 if number % 3 == 1 else 2 for number in range(LAYERS)]

COMMON: dict[str, Value] = {
    "block_count": LAYERS, "vocab_size": 128, "context_length": 1 << 17, "embedding_length": 256,
    "feed_forward_length": 512, "leading_dense_block_count": 1, "full_attention_interval": 2,
    "interleave_moe_layer_step": 2, "use_parallel_residual": False, "logit_scale": 1.0, "residual_scale": 1.0,
    "attention.head_count": 4, "attention.head_count_kv": 2, "attention.sliding_window": 1000,
    "attention.max_alibi_bias": 8.0, "attention.clamp_kqv": 1.0, "attention.layer_norm_epsilon": 1e-5,
    "attention.layer_norm_rms_epsilon": 1e-5, "attention.relative_buckets_count": 8,
    "attention.q_lora_rank": 512, "attention.kv_lora_rank": 512, "attention.decay_lora_rank": 16,
    "attention.iclr_lora_rank": 16, "attention.value_residual_mix_lora_rank": 16, "attention.gate_lora_rank": 16,
    "attention.indexer.head_count": 64, "attention.indexer.key_length": 128, "attention.indexer.top_k": 1 << 17,
    "attention.indexer.block_size": 4, "attention.indexer.kpool": 4, "attention.indexer.local_blocks": 1,
    "rope.dimension_sections": [16, 16, 16, 16],
    "expert_count": 4, "expert_used_count": 2, "expert_shared_count": 1, "expert_gating_func": 2,
    "expert_feed_forward_length": 512, "expert_shared_feed_forward_length": 256, "expert_latent_length": 512,
    "expert_group_scale": 1.0, "experts_per_group": 1, "expert_weights_scale": 1.0, "expert_weights_norm": True,
    "ssm.inner_size": 512, "ssm.conv_kernel": 4, "ssm.state_size": 128, "ssm.time_step_rank": 4, "ssm.group_count": 2,
    "kda.head_dim": 128, "kda.safe_gate": True, "kda.gate_lower_bound": -5.0, "wkv.head_size": 64,
    "time_mix_extra_dim": 64, "time_decay_extra_dim": 128, "shortconv.l_cache": 3,
    "hyper_connection.count": 4, "hyper_connection.sinkhorn_iterations": 2, "hyper_connection.epsilon": 1e-6,
    "hyper_connection.low_rank": 8, "hyper_connection.magnitude": 2.0,
}  # fmt: skip

LATENT: dict[str, Value] = {
    "attention.head_count_kv": 1, "attention.key_length": 576, "attention.value_length": 512,
    "attention.key_length_mla": 192, "attention.value_length_mla": 128, "rope.dimension_count": 64,
}  # fmt: skip
SOME_LATENT = LATENT | {"attention.head_count_kv": [0 if number % 3 == 1 else 1 for number in range(LAYERS)]}
LISTED: dict[str, Value] = {"attention.sliding_window_pattern": EVERY_SECOND}
HYBRID: dict[str, Value] = {"attention.head_count_kv": SOME_HEADLESS}
EVEN: dict[str, Value] = {"attention.head_count_kv": 4}
NEMOTRON: dict[str, Value] = {
    "attention.head_count_kv": [0, 2, 0, 0, 2, 0], "feed_forward_length": [0, 0, 512, 0, 0, 512],
}  # fmt: skip

OWN: dict[str, dict[str, Value]] = {
    "arwkv7": {"token_shift_count": 1},
    "bailingmoe3": SOME_LATENT | {
        "rope.dimension_sections": [8, 12, 12, 0], "swiglu_clamp_exp": [0.0] * LAYERS,
        "swiglu_clamp_shexp": [0.0] * LAYERS,
    },
    "chameleon": {"vocab_size": 10240},
    "cohere2moe": LISTED,
    "deepseek2": LATENT,
    "deepseek2-ocr": EVEN,
    "deepseek32": LATENT,
    "deepseek4": {
        "attention.head_count_kv": 1, "attention.key_length": 64, "attention.value_length": 64,
        "rope.dimension_count": 32, "attention.q_lora_rank": 64, "attention.output_group_count": 4,
        "attention.output_lora_rank": 32, "attention.compress_ratios": [0, 0, 4, 128, 4, 128],
        "attention.compress_rope_freq_base": 160000.0, "hash_layer_count": 0, "swiglu_clamp_exp": 10.0,
        "expert_gating_func": 4,
    },
    "dots1": EVEN,
    "dots3note": LATENT | LISTED | {
        "attention.kv_lora_rank_swa": 256, "attention.key_length_swa": 320, "attention.value_length_swa": 256,
        "attention.key_length_mla_swa": 192, "attention.value_length_mla_swa": 128, "rope.freq_base_swa": 10000.0,
        "attention.indexer.types": EVERY_OTHER,
    },
    "exaone4": {"block_count": 64},
    "gemma3n": {"block_count": 25},
    "gemma4": {
        "attention.sliding_window_pattern": EVERY_OTHER, "attention.shared_kv_layers": 2,
        "embedding_length_per_layer_input": 128, "attention.key_length_swa": 32, "attention.value_length_swa": 32,
        "rope.freq_base_swa": 10000.0,
    },
    "glm-dsa": LATENT,
    "glm5-next": SOME_LATENT | {"attention.key_length": 512, "rope.dimension_count": 0},
    "granite_swa": LISTED,
    "granitehybrid": HYBRID,
    "graniteswitch": {
        "adapters.count": 1, "adapters.lora_rank": 8, "adapters.token_ids_activate": [1],
        "adapters.token_ids_substitute": [2],
    },
    "hrm_text": {"hrm.layers_per_stack": 1, "hrm.h_cycles": 2, "hrm.l_cycles": 2},
    "hy_v4": LATENT | {"attention.indexer.types": EVERY_OTHER, "swiglu_clamp_exp": 10.0},
    "jamba": HYBRID,
    "kimi-k3": SOME_LATENT | {
        "attn_res.block_size": 12, "activation.situ_beta": 4.0, "activation.situ_linear_beta": 25.0,
    },
    "kimi-linear": SOME_LATENT,
    "lfm2": HYBRID,
    "lfm2moe": HYBRID,
    "maple": LISTED | {"swiglu_clamp_exp": 7.0},
    "mimo2": LISTED,
    "minicpm3": EVEN | {"rope.dimension_count": 32, "attention.key_length": 96, "attention.value_length": 64},
    "minimax-m3": {"rope.dimension_count": 32, "attention.indexer.head_count": 2},
    "mistral4": LATENT,
    "nemotron_h": NEMOTRON,
    "nemotron_h_moe": NEMOTRON,
    "olmoe": EVEN,
    "plamo2": HYBRID | {"ssm.group_count": 0},
    "qwen4exp": {
        "attention.indexer.key_length": 64, "attention.compress_ratios": [4] * LAYERS, "ple.layers": [0],
        "ple.ngram_size": 3, "ple.heads_per_ngram": 2, "ple.conv_kernel": 4, "ple.eos_token_id": 0,
        "embedding_length_per_layer_input": 64, "ple.layer_multipliers": array("Q", [1, 3, 5]),
        "ple.head_offsets": array("Q", [0, 128, 256, 384]), "ple.head_vocab_sizes": array("Q", [128] * 4),
    },
    "rwkv6": EVEN,
    "spark2_5": LISTED,
    "step35": LISTED,
    "t5": EVEN,
}  # fmt: skip


def metadata(architecture: str, changes: dict[str, Value | None] | None = None) -> dict[str, Value]:
    """Return the metadata of a small model of *architecture*; a change to None leaves a key out."""
    keys = COMMON | OWN.get(architecture, {}) | (changes or {})
    named = {f"{architecture}.{key}": value for key, value in keys.items() if value is not None}
    common = {"xielu.alpha_n": 1.0, "xielu.alpha_p": 1.0, "xielu.beta": 1.0, "xielu.eps": 1e-7}
    return {"general.architecture": architecture, "tokenizer.ggml.model": "none", **named, **common}

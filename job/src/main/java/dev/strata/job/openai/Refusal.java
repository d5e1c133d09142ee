package dev.strata.job.openai;

/**
 * Why a request is not asked.
 *
 * @param code a word for programs, such as {@code invalid_json_line}
 * @param parameter the body's parameter that is wrong; null if the line itself is
 * @param message one sentence
 */
public record Refusal(String code, String parameter, String message) {}

package dev.strata.job.openai;

import java.util.Arrays;
import java.util.stream.Collectors;

/** What a request is for. */
public enum Endpoint {
  /** A conversation that the model answers. */
  CHAT("/v1/chat/completions", "chatcmpl-", "chat.completion"),
  /** A text that the model continues. */
  COMPLETION("/v1/completions", "cmpl-", "text_completion");

  private final String url;
  private final String idPrefix;
  private final String object;

  Endpoint(String url, String idPrefix, String object) {
    this.url = url;
    this.idPrefix = idPrefix;
    this.object = object;
  }

  static Endpoint of(String url) {
    return Arrays.stream(values())
        .filter(endpoint -> endpoint.url.equals(url))
        .findFirst()
        .orElseThrow(
            () ->
                new RequestException(
                    "invalid_url",
                    null,
                    "the url is %s; it must be %s".formatted(RequestBody.cut(url), urls())));
  }

  private static String urls() {
    return Arrays.stream(values())
        .map(endpoint -> endpoint.url)
        .collect(Collectors.joining(" or "));
  }

  String idPrefix() {
    return idPrefix;
  }

  String object() {
    return object;
  }
}

package dev.strata.job.openai;

import com.fasterxml.jackson.databind.JsonNode;
import dev.strata.udfs.api.Message;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;

/** The conversation of a chat request. */
final class RequestMessages {

  private static final String PARAMETER = "messages";

  /** Roles, and what chat templates call them. */
  private static final Map<String, String> ROLES =
      Map.of("system", "system", "developer", "system", "user", "user", "assistant", "assistant");

  /** Fields of a message that are read or do not change the result. */
  private static final Set<String> FIELDS =
      Set.of("role", "content", "name", "refusal", "annotations");

  private RequestMessages() {}

  /**
   * Reads the messages.
   *
   * @throws RequestException if there are none or one is not a text
   */
  static List<Message> read(JsonNode messages) {
    if (!messages.isArray() || messages.isEmpty()) {
      throw refused(
          "messages is %s; it must be an array with a message at least"
              .formatted(messages.isMissingNode() ? "missing" : RequestBody.shown(messages)));
    }
    List<Message> conversation =
        IntStream.range(0, messages.size())
            .mapToObj(i -> message(messages.path(i), "message " + (i + 1)))
            .toList();
    if (conversation.stream().allMatch(message -> message.content().isBlank())) {
      throw refused("the messages are empty");
    }
    return conversation;
  }

  private static Message message(JsonNode message, String name) {
    if (!message.isObject()) {
      throw refused(name + " is not a JSON object");
    }
    message.properties().forEach(entry -> check(entry.getKey(), entry.getValue(), name));
    JsonNode role = message.path("role");
    if (!role.isTextual() || !ROLES.containsKey(role.textValue())) {
      throw refused(
          "%s has the role %s; it must be system, developer, user or assistant"
              .formatted(name, role.isMissingNode() ? "missing" : RequestBody.shown(role)));
    }
    return new Message(ROLES.get(role.textValue()), content(message.path("content"), name));
  }

  private static void check(String field, JsonNode value, String name) {
    boolean isNothing = value.isNull() || (value.isContainerNode() && value.isEmpty());
    if (!isNothing && !FIELDS.contains(field)) {
      throw refused("%s has %s, which is not supported".formatted(name, RequestBody.cut(field)));
    }
  }

  private static String content(JsonNode content, String name) {
    if (content.isTextual()) {
      return UnicodeText.of(content);
    }
    if (content.isArray() && !content.isEmpty()) {
      return StreamSupport.stream(content.spliterator(), false)
          .map(part -> part(part, name))
          .collect(Collectors.joining("\n"));
    }
    throw refused(name + " has no content; it must be a text or an array of text parts");
  }

  private static String part(JsonNode part, String name) {
    JsonNode type = part.path("type");
    if (!"text".equals(type.textValue()) || !part.path("text").isTextual()) {
      throw refused(
          "%s has a part of type %s; only text parts are supported"
              .formatted(name, type.isMissingNode() ? "missing" : RequestBody.shown(type)));
    }
    return UnicodeText.of(part.path("text"));
  }

  private static RequestException refused(String message) {
    return RequestBody.refused("invalid_messages", PARAMETER, message);
  }
}

package dev.strata.udfs.text;

import dev.strata.udfs.api.BadWords;
import dev.strata.udfs.api.Message;
import dev.strata.udfs.api.RowException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * A model's text: conversations to token ids, token ids to text, with the tokenizer and the chat
 * template that came with the checkpoint. Threads may share one until it is closed.
 *
 * <p>A model without a chat template takes a user message, with a system message and a blank line
 * before it if there is one, as plain text, and its tokenizer adds the special tokens.
 *
 * <p>Surrogates without a partner, which have no UTF-8 form, count as U+FFFD.
 */
public final class ModelText implements AutoCloseable {

  private final ModelTokenizer tokenizer;
  private final PromptFormat format;
  private final Map<Integer, String> specialIds;
  private final Object endToken;

  private ModelText(
      ModelTokenizer tokenizer,
      PromptFormat format,
      Map<Integer, String> specialIds,
      Object endToken) {
    this.tokenizer = tokenizer;
    this.format = format;
    this.specialIds = specialIds;
    this.endToken = endToken;
  }

  /**
   * Loads tokenizer.json, tokenizer_config.json, special_tokens_map.json, chat_template.jinja and
   * the templates of additional_chat_templates, of which only the first must be there.
   *
   * @param files the content of a file of the checkpoint by its name, empty if there is none
   * @param templates the names of the templates in additional_chat_templates
   * @param origin the checkpoint's directory, for messages
   * @throws dev.strata.udfs.api.StrataException if there is no tokenizer, or one of the files
   *     cannot be read
   */
  public static ModelText load(
      Function<String, Optional<byte[]>> files, List<String> templates, String origin) {
    TokenizerFiles tokenizerFiles = new TokenizerFiles(files, templates, origin);
    TokenizerJson json = tokenizerFiles.tokenizer();
    Map<String, String> sources = tokenizerFiles.chatTemplates();
    PromptFormat format =
        sources.isEmpty()
            ? new PlainPrompt()
            : new ChatTemplates(sources, tokenizerFiles.specialTokens(), origin);
    Map<Integer, String> specialIds = TokenizerFiles.specialIds(json);
    Object endToken = tokenizerFiles.specialTokens().get("eos_token");
    return new ModelText(ModelTokenizer.of(json), format, specialIds, endToken);
  }

  /**
   * The text that the model continues.
   *
   * @throws RowException if the chat template refuses the conversation or fails on it
   */
  public String render(List<Message> conversation) {
    return format.render(conversation, TemplateArguments.NONE);
  }

  /**
   * A conversation's prompt.
   *
   * @throws RowException if the chat template refuses the conversation or fails on it
   */
  public RenderedPrompt prompt(List<Message> conversation) {
    return prompt(conversation, TemplateArguments.NONE);
  }

  /**
   * A conversation's prompt, with arguments for the chat template.
   *
   * @throws RowException if there is no chat template, or it refuses the conversation or fails on
   *     it
   */
  public RenderedPrompt prompt(List<Message> conversation, TemplateArguments arguments) {
    return new RenderedPrompt(
        format.render(conversation, arguments), !format.spellsSpecialTokens());
  }

  /** Whether the model has a chat template. */
  public boolean hasChatTemplate() {
    return format instanceof ChatTemplates;
  }

  /**
   * Checks that there is the chat template that arguments ask for, or one that fits them.
   *
   * @throws dev.strata.udfs.api.StrataException if there is none, or it cannot be read
   */
  public void requireTemplate(TemplateArguments arguments) {
    format.require(arguments);
  }

  /** The arguments that the chat template does not mention, so that they change nothing. */
  public List<String> unused(TemplateArguments arguments) {
    return arguments.names().stream().filter(name -> !format.mentions(name, arguments)).toList();
  }

  /** A text that the model continues as it is, but for special tokens that the tokenizer adds. */
  public RenderedPrompt plainPrompt(String text) {
    return new RenderedPrompt(text, true);
  }

  /**
   * The tokens of a conversation; at least one, and never cut.
   *
   * @throws RowException if the conversation cannot be rendered, or has no tokens
   */
  public int[] encode(List<Message> conversation) {
    return encode(prompt(conversation));
  }

  /**
   * The tokens of a prompt; at least one, and never cut.
   *
   * @throws RowException if it has no tokens, or is too long for the tokenizer
   */
  public int[] encode(RenderedPrompt prompt) {
    int[] tokens = tokenizer.encode(prompt.text(), prompt.addSpecialTokens());
    if (tokens.length == 0) {
      throw new RowException("the prompt has no tokens");
    }
    return tokens;
  }

  /**
   * The tokens of several prompts, as {@link #encode(RenderedPrompt)} gives them, made on several
   * cores; none for a prompt without tokens.
   *
   * @throws RuntimeException if one of them cannot be encoded, as one that is too long
   */
  public List<int[]> encodeAll(List<RenderedPrompt> prompts) {
    Iterator<int[]> added = tokenizer.encodeAll(texts(prompts, true), true).iterator();
    Iterator<int[]> spelled = tokenizer.encodeAll(texts(prompts, false), false).iterator();
    return prompts.stream().map(p -> (p.addSpecialTokens() ? added : spelled).next()).toList();
  }

  private static List<String> texts(List<RenderedPrompt> prompts, boolean addSpecialTokens) {
    return prompts.stream()
        .filter(prompt -> prompt.addSpecialTokens() == addSpecialTokens)
        .map(RenderedPrompt::text)
        .toList();
  }

  /**
   * Words with their tokens, as vLLM makes them: alone, and behind a space where that makes another
   * first token of as many in all.
   *
   * @throws RowException if one is too long for the tokenizer
   */
  public BadWords tokenized(BadWords words) {
    List<List<Integer>> tokens = new ArrayList<>();
    for (String word : words.texts()) {
      String bare = BadWords.withoutSpaceBefore(word);
      List<Integer> alone = tokens(bare);
      List<Integer> spaced = tokens(" " + bare);
      tokens.add(alone);
      if (spaced.size() == alone.size() && !spaced.get(0).equals(alone.get(0))) {
        tokens.add(spaced);
      }
    }
    return new BadWords(words.texts(), tokens);
  }

  private List<Integer> tokens(String word) {
    List<Integer> tokens = Arrays.stream(tokenizer.encode(word, false)).boxed().toList();
    if (tokens.isEmpty()) {
      throw new RowException("bad_words has a word without tokens; leave it out");
    }
    return tokens;
  }

  /** The most chars of a text that has tokens at all. */
  int textLimit() {
    return tokenizer.textLimit();
  }

  /** Where each token of a text ends, in chars; tokens that share a character end with it. */
  int[] tokenEnds(String own) {
    return tokenizer.tokenEnds(own);
  }

  /**
   * The text of generated tokens, without special tokens and not cleaned up, as transformers'
   * {@code decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False)}. Bytes
   * that are no UTF-8 read as U+FFFD.
   */
  public String decode(int[] tokens) {
    return decode(tokens, 0, tokens.length);
  }

  /** As {@link #decode(int[])}, of the tokens in {@code [from, to)} alone. */
  String decode(int[] tokens, int from, int to) {
    return tokenizer.decode(tokens, from, to);
  }

  /** The token that ends an answer, empty if the tokenizer names none. */
  public Optional<Integer> endToken() {
    return specialIds.entrySet().stream()
        .filter(special -> special.getValue().equals(endToken))
        .map(Map.Entry::getKey)
        .findFirst();
  }

  /** The text of a special token, empty for any other token. */
  Optional<String> specialToken(int id) {
    return Optional.ofNullable(specialIds.get(id));
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}

package dev.strata.udfs.store;

import com.google.gson.Gson;
import com.google.gson.JsonParseException;
import dev.strata.udfs.api.Sha256;
import dev.strata.udfs.model.FileNames;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileStatus;

/**
 * What a copy of a model is a copy of. A model that has changed has another manifest, and so a copy
 * of its own.
 *
 * @param location where the model is
 * @param files its files in alphabetical order
 */
record Manifest(String location, List<RemoteFile> files) {

  /** The manifest's own file in a copy; when it was changed says when the copy was last used. */
  static final String FILE = ".strata-manifest.json";

  private static final int HASH_DIGITS = 16;
  private static final Gson GSON = new Gson();

  /**
   * A file of the model.
   *
   * @param modified when it was last changed, in milliseconds since 1970
   */
  record RemoteFile(String name, long length, long modified) {}

  /** Lists what an engine reads: the safetensors files that make the model, and small files. */
  static Manifest of(HadoopModelFiles remote) throws IOException {
    Set<String> shards = Shards.names(remote);
    Stream<RemoteFile> own =
        Arrays.stream(remote.list())
            .filter(file -> isRead(file, shards))
            .map(file -> remoteFile("", file));
    Stream<RemoteFile> templates =
        Arrays.stream(remote.templateFiles())
            .filter(file -> file.isFile() && isSmall(file))
            .map(file -> remoteFile(FileNames.TEMPLATES + "/", file));
    return new Manifest(
        remote.location(),
        Stream.concat(own, templates).sorted(Comparator.comparing(RemoteFile::name)).toList());
  }

  private static RemoteFile remoteFile(String parent, FileStatus file) {
    return new RemoteFile(
        parent + file.getPath().getName(), file.getLen(), file.getModificationTime());
  }

  private static boolean isRead(FileStatus file, Set<String> shards) {
    return file.isFile() && (shards.contains(file.getPath().getName()) || isSmall(file));
  }

  private static boolean isSmall(FileStatus file) {
    String name = file.getPath().getName();
    return name.endsWith(".json") || name.endsWith(".jinja");
  }

  /** The manifest of a copy, or empty if there is none that can be read. */
  static Optional<Manifest> read(Path copy) throws IOException {
    try {
      return Optional.ofNullable(
          GSON.fromJson(Files.readString(copy.resolve(FILE)), Manifest.class));
    } catch (NoSuchFileException | JsonParseException e) {
      return Optional.empty();
    }
  }

  void write(Path copy) throws IOException {
    Files.writeString(copy.resolve(FILE), GSON.toJson(this));
  }

  /** A name for the copy, which no other model and no other state of this one has. */
  String key() {
    String name = location.substring(location.lastIndexOf('/') + 1);
    byte[] content = GSON.toJson(this).getBytes(StandardCharsets.UTF_8);
    return name.replaceAll("[^A-Za-z0-9._-]", "_")
        + "-"
        + new Sha256().addBytes(content).hex(HASH_DIGITS);
  }

  List<String> names() {
    return files.stream().map(RemoteFile::name).toList();
  }

  long bytes() {
    return files.stream().mapToLong(RemoteFile::length).sum();
  }

  /** The bytes that a directory lacks. */
  long missingBytes(Path copy) throws IOException {
    long missing = 0;
    for (RemoteFile file : files) {
      missing += Math.max(0, file.length() - length(copy.resolve(file.name())));
    }
    return missing;
  }

  /** Whether a directory has all files with their lengths. */
  boolean isIn(Path copy) throws IOException {
    for (RemoteFile file : files) {
      if (length(copy.resolve(file.name())) != file.length()) {
        return false;
      }
    }
    return Files.exists(copy.resolve(FILE));
  }

  private static long length(Path file) throws IOException {
    return Files.isRegularFile(file) ? Files.size(file) : 0;
  }
}

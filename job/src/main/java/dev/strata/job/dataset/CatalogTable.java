package dev.strata.job.dataset;

import dev.strata.udfs.api.StrataException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.regex.Pattern;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.analysis.NoSuchNamespaceException;
import org.apache.spark.sql.catalyst.analysis.NoSuchTableException;
import org.apache.spark.sql.connector.catalog.CatalogPlugin;
import org.apache.spark.sql.connector.catalog.Identifier;
import org.apache.spark.sql.connector.catalog.StagingTableCatalog;
import org.apache.spark.sql.connector.catalog.SupportsNamespaces;
import org.apache.spark.sql.connector.catalog.TableCatalog;

/** A table's place in one of the session's catalogs, whether it is there or not. */
record CatalogTable(TableCatalog catalog, Identifier identifier) {

  /** What the names of tables have that a replacement makes. */
  static final String NEW = "new";

  static final String OLD = "old";

  /** What rows are kept in whose tables have commits, in Spark's catalog with all others. */
  private static final List<String> COMMITTED = List.of("delta", "iceberg");

  /** What they end with, which no date does. */
  private static final String ID = "r[0-9a-f]{7}";

  /**
   * Finds the place that a name means, such as {@code table}, {@code database.table} or {@code
   * catalog.database.table}.
   *
   * @throws StrataException if the catalog has no tables
   */
  static CatalogTable of(SparkSession session, String name) throws Exception {
    SessionCatalogs catalogs = SessionCatalogs.of(session);
    String[] parts = catalogs.parts(name);
    boolean namesCatalog = parts.length > 1 && catalogs.has(parts[0]);
    CatalogPlugin catalog = namesCatalog ? catalogs.named(parts[0]) : catalogs.current();
    if (!(catalog instanceof TableCatalog tables)) {
      throw StrataException.data(
          "the catalog of table %s, %s, has no tables", name, catalog.name());
    }
    int from = namesCatalog ? 1 : 0;
    String[] namespace = Arrays.copyOfRange(parts, from, parts.length - 1);
    if (namespace.length == 0 && !namesCatalog) {
      namespace = catalogs.currentNamespace();
    }
    return new CatalogTable(tables, Identifier.of(namespace, parts[parts.length - 1]));
  }

  boolean exists() {
    return catalog.tableExists(identifier);
  }

  /** Whether it is Spark's own catalog, whose tables are written in ways of their own. */
  boolean isOfSession() {
    return catalog.name().equals(SessionCatalogs.OF_SPARK);
  }

  /** Whether the catalog itself can replace a table at once when its new rows are complete. */
  boolean isReplacedAtOnce() {
    return catalog instanceof StagingTableCatalog;
  }

  /**
   * Whether a table's rows can be replaced at once by what is made of them.
   *
   * @param provider what they are kept in; null for what the catalog takes
   */
  boolean isReplacedWhileRead(String provider) {
    boolean hasCommits = provider != null && COMMITTED.contains(provider.toLowerCase(Locale.ROOT));
    return isReplacedAtOnce() && (hasCommits || !isOfSession());
  }

  /** What an existing table's rows are kept in, such as parquet; null if the catalog says none. */
  String provider() throws NoSuchTableException {
    return catalog.loadTable(identifier).properties().get(TableCatalog.PROP_PROVIDER);
  }

  /** A table beside this one, of a name that nobody else has. */
  CatalogTable beside(String suffix) {
    String id = "r" + UUID.randomUUID().toString().substring(0, 7);
    String name = identifier.name() + "_" + suffix + "_" + id;
    return new CatalogTable(catalog, Identifier.of(identifier.namespace(), name));
  }

  /**
   * The tables that replacements of this one have while they go on, those of killed ones among
   * them; by name.
   */
  List<CatalogTable> replacements() {
    Pattern names =
        Pattern.compile(
            Pattern.quote(identifier.name()) + "_(" + NEW + "|" + OLD + ")_" + ID,
            Pattern.CASE_INSENSITIVE);
    if (identifier.namespace().length > 0
        && catalog instanceof SupportsNamespaces namespaces
        && !namespaces.namespaceExists(identifier.namespace())) {
      return List.of(); // some catalogs make one with its first table
    }
    try {
      return Arrays.stream(catalog.listTables(identifier.namespace()))
          .filter(table -> names.matcher(table.name()).matches())
          .map(table -> new CatalogTable(catalog, table))
          .sorted(Comparator.comparing(CatalogTable::sqlName))
          .toList();
    } catch (NoSuchNamespaceException e) {
      return List.of();
    }
  }

  /** Whether its name is that of rows which a replacement keeps until it is complete. */
  boolean isSetAside() {
    return identifier.name().toLowerCase(Locale.ROOT).matches(".*_" + OLD + "_" + ID);
  }

  void renameTo(CatalogTable other) throws Exception {
    catalog.renameTable(identifier, other.identifier);
    catalog.invalidateTable(identifier); // Spark may know the files of a table by its name
    catalog.invalidateTable(other.identifier);
  }

  void drop() {
    catalog.dropTable(identifier);
  }

  /** The whole name, as SQL takes it. */
  String sqlName() {
    StringBuilder name = new StringBuilder(quoted(catalog.name()));
    for (String part : identifier.namespace()) {
      name.append('.').append(quoted(part));
    }
    return name.append('.').append(quoted(identifier.name())).toString();
  }

  private static String quoted(String part) {
    return '`' + part.replace("`", "``") + '`';
  }
}

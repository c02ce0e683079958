using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Coax.Harness;

/// <summary>What an assembly needs of the host's: types and members by full signature, one line each, read from its metadata without loading it.</summary>
internal static class HostReferences
{
    /// <summary><c>assembly NAME VERSION</c>, <c>type NAME [assembly]</c>, <c>member DECLARING.SIGNATURE [assembly]</c>; sorted.</summary>
    public static IReadOnlyList<string> Of(string path)
    {
        using var file = new PEReader(File.OpenRead(path));
        var reader = file.GetMetadataReader();
        var lines = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var handle in reader.AssemblyReferences)
        {
            var reference = reader.GetAssemblyReference(handle);
            var name = reader.GetString(reference.Name);
            if (IsHost(name))
            {
                lines.Add($"assembly {name} {reference.Version}");
            }
        }

        foreach (var handle in reader.TypeReferences)
        {
            if (AssemblyOf(reader, handle) is { } assembly && IsHost(assembly))
            {
                lines.Add($"type {new Names().GetTypeFromReference(reader, handle, 0)} [{assembly}]");
            }
        }

        foreach (var handle in reader.MemberReferences)
        {
            var member = reader.GetMemberReference(handle);
            if (DeclaringType(reader, member.Parent) is var (name, assembly) && IsHost(assembly))
            {
                lines.Add($"member {Signature(reader, member, name)} [{assembly}]");
            }
        }

        return [.. lines];
    }

    /// <summary>The lines of <paramref name="path"/> that the assemblies in <paramref name="folder"/> do not fulfil.</summary>
    public static IReadOnlyList<string> Missing(string path, string folder)
    {
        var offered = new Dictionary<string, Offer>(StringComparer.Ordinal);
        var missing = new List<string>();
        foreach (var line in Of(path))
        {
            var assembly = line.StartsWith("assembly ", StringComparison.Ordinal) ? line.Split(' ')[1] : line[(line.LastIndexOf('[') + 1)..^1];
            if (!offered.TryGetValue(assembly, out var offer))
            {
                offered[assembly] = offer = Offer.Read(Path.Combine(folder, assembly + ".dll"));
            }

            if (!offer.Has(line))
            {
                missing.Add(line);
            }
        }

        return missing;
    }

    private static bool IsHost(string assembly) =>
        assembly.StartsWith("MediaBrowser.", StringComparison.Ordinal) || assembly.StartsWith("Jellyfin.", StringComparison.Ordinal) || assembly.StartsWith("Emby.", StringComparison.Ordinal);

    private static string? AssemblyOf(MetadataReader reader, TypeReferenceHandle handle)
    {
        var scope = reader.GetTypeReference(handle).ResolutionScope;
        return scope.Kind switch
        {
            HandleKind.AssemblyReference => reader.GetString(reader.GetAssemblyReference((AssemblyReferenceHandle)scope).Name),
            HandleKind.TypeReference => AssemblyOf(reader, (TypeReferenceHandle)scope),
            _ => null,
        };
    }

    private static (string Name, string Assembly)? DeclaringType(MetadataReader reader, EntityHandle parent)
    {
        switch (parent.Kind)
        {
            case HandleKind.TypeReference:
                var plain = (TypeReferenceHandle)parent;
                return AssemblyOf(reader, plain) is { } assembly ? (new Names().GetTypeFromReference(reader, plain, 0), assembly) : null;
            case HandleKind.TypeSpecification:
                // An instantiated generic: the member's signature is that of the definition.
                var blob = reader.GetBlobReader(reader.GetTypeSpecification((TypeSpecificationHandle)parent).Signature);
                if (blob.ReadSignatureTypeCode() != SignatureTypeCode.GenericTypeInstance)
                {
                    return null;
                }

                _ = blob.ReadByte();
                var generic = blob.ReadTypeHandle();
                return generic.Kind == HandleKind.TypeReference ? DeclaringType(reader, generic) : null;
            default:
                return null;
        }
    }

    private static string Signature(MetadataReader reader, MemberReference member, string declaring)
    {
        var name = reader.GetString(member.Name);
        return member.GetKind() == MemberReferenceKind.Field
            ? $"{member.DecodeFieldSignature(new Names(), null)} {declaring}::{name}"
            : Signature(member.DecodeMethodSignature(new Names(), null), declaring, name);
    }

    private static string Signature(MethodSignature<string> method, string declaring, string name)
    {
        var kind = method.Header.IsInstance ? "instance " : "static ";
        var arity = method.GenericParameterCount == 0 ? string.Empty : $"`{method.GenericParameterCount}";
        return $"{kind}{method.ReturnType} {declaring}::{name}{arity}({string.Join(", ", method.ParameterTypes)})";
    }

    /// <summary>Everything one host assembly declares, in the same words.</summary>
    private sealed class Offer
    {
        private readonly HashSet<string> _lines = new(StringComparer.Ordinal);
        private string _name = string.Empty;
        private Version _version = new();

        public static Offer Read(string path)
        {
            var offer = new Offer();
            if (!File.Exists(path))
            {
                return offer;
            }

            using var file = new PEReader(File.OpenRead(path));
            var reader = file.GetMetadataReader();
            var assembly = reader.GetAssemblyDefinition();
            offer._name = reader.GetString(assembly.Name);
            offer._version = assembly.Version;
            foreach (var handle in reader.TypeDefinitions)
            {
                offer.Add(reader, handle);
            }

            foreach (var handle in reader.ExportedTypes)
            {
                // A type that moved to another assembly and is forwarded resolves as well.
                var exported = reader.GetExportedType(handle);
                offer._lines.Add($"type {Names.Joined(reader.GetString(exported.Namespace), reader.GetString(exported.Name))} [{offer._name}]");
            }

            return offer;
        }

        public bool Has(string line)
        {
            var words = line.Split(' ');
            // The host binds when its assembly is at least as new as the reference.
            return words[0] == "assembly" ? _name == words[1] && _version >= Version.Parse(words[2]) : _lines.Contains(line);
        }

        private void Add(MetadataReader reader, TypeDefinitionHandle handle)
        {
            var type = reader.GetTypeDefinition(handle);
            var name = new Names().GetTypeFromDefinition(reader, handle, 0);
            _lines.Add($"type {name} [{_name}]");
            foreach (var method in type.GetMethods().Select(reader.GetMethodDefinition).Where(method => IsVisible(method.Attributes)))
            {
                _lines.Add($"member {Signature(method.DecodeSignature(new Names(), null), name, reader.GetString(method.Name))} [{_name}]");
            }

            foreach (var field in type.GetFields().Select(reader.GetFieldDefinition))
            {
                _lines.Add($"member {field.DecodeSignature(new Names(), null)} {name}::{reader.GetString(field.Name)} [{_name}]");
            }
        }

        private static bool IsVisible(MethodAttributes attributes) =>
            (attributes & MethodAttributes.MemberAccessMask) is MethodAttributes.Public or MethodAttributes.Family or MethodAttributes.FamORAssem;
    }

    /// <summary>Names of types as metadata has them; which assembly a type in a signature comes from is left out.</summary>
    private sealed class Names : ISignatureTypeProvider<string, object?>
    {
        public static string Joined(string space, string name) => space.Length == 0 ? name : $"{space}.{name}";

        public string GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind)
        {
            var type = reader.GetTypeReference(handle);
            var name = reader.GetString(type.Name);
            return type.ResolutionScope.Kind == HandleKind.TypeReference
                ? $"{GetTypeFromReference(reader, (TypeReferenceHandle)type.ResolutionScope, 0)}+{name}"
                : Joined(reader.GetString(type.Namespace), name);
        }

        public string GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind)
        {
            var type = reader.GetTypeDefinition(handle);
            var name = reader.GetString(type.Name);
            return type.GetDeclaringType() is { IsNil: false } outer
                ? $"{GetTypeFromDefinition(reader, outer, 0)}+{name}"
                : Joined(reader.GetString(type.Namespace), name);
        }

        public string GetTypeFromSpecification(MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) =>
            reader.GetTypeSpecification(handle).DecodeSignature(this, genericContext);

        public string GetArrayType(string elementType, ArrayShape shape) => $"{elementType}[{new string(',', shape.Rank - 1)}]";

        public string GetByReferenceType(string elementType) => $"{elementType}&";

        public string GetFunctionPointerType(MethodSignature<string> signature) => "fnptr";

        public string GetGenericInstantiation(string genericType, ImmutableArray<string> typeArguments) => $"{genericType}<{string.Join(", ", typeArguments)}>";

        public string GetGenericMethodParameter(object? genericContext, int index) => $"!!{index}";

        public string GetGenericTypeParameter(object? genericContext, int index) => $"!{index}";

        public string GetModifiedType(string modifier, string unmodifiedType, bool isRequired) => isRequired ? $"{unmodifiedType} modreq({modifier})" : unmodifiedType;

        public string GetPinnedType(string elementType) => elementType;

        public string GetPointerType(string elementType) => $"{elementType}*";

        public string GetPrimitiveType(PrimitiveTypeCode typeCode) => $"System.{typeCode}";

        public string GetSZArrayType(string elementType) => $"{elementType}[]";
    }
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectsOf, problemsOf } from './support.ts';

const HEAD = 'apiVersion: v1\nkind: Service\nmetadata: {name: s}\n';
const spec = (text: string) =>
  problemsOf(`${HEAD}spec: ${text}\n`).map((line) => line.replace(/^4: spec\./, ''));

test('right Services', () => {
  for (const right of [
    '{ports: [{port: 80}]}',
    '{clusterIP: None}',
    '{clusterIP: None, ports: [{port: 80, targetPort: http}]}',
    '{type: ExternalName, externalName: db.example.test.}',
    '{type: NodePort, ports: [{port: 80, nodePort: 3000}]}',
    '{type: LoadBalancer, ports: [{port: 80}], externalTrafficPolicy: Local, loadBalancerSourceRanges: [" 10.0.0.0/8 "]}',
    '{ports: [{name: a, port: 53, protocol: TCP}, {name: b, port: 53, protocol: UDP}]}',
    '{clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1, "fd00::1"], ipFamilies: [IPv4, IPv6], ipFamilyPolicy: PreferDualStack, ports: [{port: 80}]}',
    '{clusterIP: None, ipFamilies: [IPv4, IPv6], ports: [{port: 80}]}',
    '{externalIPs: [10.0.0.9], externalTrafficPolicy: Local, ports: [{port: 80}]}',
  ]) {
    assert.deepEqual(spec(right), [], right);
  }
});

test('what the API server refuses', () => {
  const cases: [string, RegExp][] = [
    ['{}', /^ports: at least one port is needed/],
    ['{type: nodeport, ports: [{port: 80}]}', /^type: Unsupported value: "nodeport".*Write type: NodePort$/],
    ['{ports: [{port: 0}]}', /^ports\[0\]\.port: 0 is not between/],
    ['{ports: [{}]}', /^ports\[0\]\.port: a port is missing/],
    ['{ports: [{port: 80, protocol: udp}]}', /Write protocol: UDP$/],
    ['{ports: [{port: 80, targetPort: "80"}]}', /^ports\[0\]\.targetPort: .*Write 80 without quotes$/],
    ['{ports: [{port: 80, name: A}]}', /^ports\[0\]\.name: "A" must consist of/],
    ['{ports: [{port: 80}, {port: 81, name: b}]}', /^ports\[0\]\.name: every port needs a name/],
    ['{ports: [{port: 80, name: a}, {port: 81, name: a}]}', /^ports\[1\]\.name: the name "a" stands twice/],
    ['{ports: [{port: 80, name: a}, {port: 80, name: b}]}', /^ports\[1\]: port 80\/TCP stands twice/],
    ['{ports: [{port: 80, nodePort: 30007}]}', /^ports\[0\]\.nodePort: may not be set for type ClusterIP/],
    ['{type: NodePort, ports: [{port: 80, nodePort: 70000}]}', /nodePort: 70000 is not between 1 and 65535/],
    [
      '{type: NodePort, ports: [{port: 80, name: a, nodePort: 30007}, {port: 81, name: b, nodePort: 30007}]}',
      /^ports\[1\]\.nodePort: nodePort 30007\/TCP stands twice/,
    ],
    ['{clusterIP: none, ports: [{port: 80}]}', /^clusterIP: "none" is not an IP address/],
    [
      '{clusterIP: None, type: NodePort, ports: [{port: 80}]}',
      /^clusterIP: may not be None for type NodePort/,
    ],
    [
      '{clusterIPs: [10.0.0.1], ports: [{port: 80}]}',
      /^clusterIPs: must be empty when clusterIP is not given/,
    ],
    ['{clusterIP: 10.0.0.1, clusterIPs: [10.0.0.2], ports: [{port: 80}]}', /^clusterIPs: the first value/],
    [
      '{clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1, 10.0.0.2], ports: [{port: 80}]}',
      /one address of each family/,
    ],
    [
      '{clusterIP: 10.0.0.1, ipFamilies: [IPv6], ports: [{port: 80}]}',
      /^clusterIP: .* is not of the family IPv6/,
    ],
    ['{ipFamilies: [IPv4, IPv4], ports: [{port: 80}]}', /^ipFamilies\[1\]: "IPv4" stands twice/],
    [
      '{ipFamilies: [IPv4, IPv6], ports: [{port: 80}]}',
      /^ipFamilyPolicy: .*Write ipFamilyPolicy: PreferDualStack$/,
    ],
    [
      '{type: NodePort, ports: [{port: 80, name: a, nodePort: 30007}, {port: 81, name: b, protocol: UDP, nodePort: 30007}]}',
      /for different ports$/,
    ],
    ['{ipFamilyPolicy: dual, ports: [{port: 80}]}', /^ipFamilyPolicy: Unsupported value/],
    ['{type: ExternalName}', /^externalName: a name is missing/],
    ['{type: ExternalName, externalName: "http://x"}', /^externalName: "http:\/\/x" must consist of/],
    [
      '{type: ExternalName, externalName: a.b, clusterIP: 10.0.0.1}',
      /^clusterIP: may not be set for type ExternalName/,
    ],
    ['{sessionAffinity: clientip, ports: [{port: 80}]}', /Write sessionAffinity: ClientIP$/],
    [
      '{externalTrafficPolicy: Local, ports: [{port: 80}]}',
      /^externalTrafficPolicy: may only be set for Services/,
    ],
    [
      '{type: NodePort, externalTrafficPolicy: local, ports: [{port: 80}]}',
      /Write externalTrafficPolicy: Local$/,
    ],
    ['{internalTrafficPolicy: Foo, ports: [{port: 80}]}', /^internalTrafficPolicy: Unsupported/],
    [
      '{loadBalancerSourceRanges: [10.0.0.0/8], ports: [{port: 80}]}',
      /^loadBalancerSourceRanges: may only be set/,
    ],
    [
      '{externalIPs: [127.0.0.1], ports: [{port: 80}]}',
      /^externalIPs\[0\]: "127.0.0.1" may not be a loopback/,
    ],
    ['{selector: {a: "b c"}, ports: [{port: 80}]}', /^selector\.a: label value "b c"/],
    [
      '{selector: {matchLabels: {a: b}}, ports: [{port: 80}]}',
      /^selector\.matchLabels: must be a string, not an object/,
    ],
    ['{port: 80}', /^port: unknown field "port"\. Did you mean ports\?/],
  ];
  for (const [text, message] of cases) assert.match(spec(text).join('\n'), message, text);
});

test('the NodePort demo reads, with 30007 and with 3000: the range is not for the parser to judge', () => {
  for (const nodePort of [30007, 3000]) {
    const [found] = objectsOf(`${HEAD}spec: {type: NodePort, ports: [{port: 80, nodePort: ${nodePort}}]}\n`);
    assert.equal(found?.type === 'service' && found.service.ports[0]?.nodePort, nodePort);
  }
});

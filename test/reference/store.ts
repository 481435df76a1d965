import { UNKNOWN_CNI } from '../../src/model/objects.ts';
import { overlay, type View } from '../../src/model/overlay.ts';
import { parseNamespace } from '../../src/model/parse/namespace.ts';
import { parseNode } from '../../src/model/parse/node.ts';
import { parsePod } from '../../src/model/parse/pod.ts';
import { parseNetworkPolicy } from '../../src/model/parse/policy.ts';
import { parseService } from '../../src/model/parse/service.ts';
import { parseEndpointSlice } from '../../src/model/parse/slice.ts';
import { parseTierPolicy } from '../../src/model/parse/tier.ts';
import { Store } from '../../src/model/store.ts';
import type { World, WorldObject } from './objects.ts';

/** The product's model of a world, through the product's parser. */
export function storeOf(world: World): Store {
  const store = new Store();
  store.cni = { ...UNKNOWN_CNI, blocksMatchPods: world.blocksMatchPods ?? 'unknown' };
  for (const object of world.objects) putObject(store, object);
  return store;
}

/** The world as the simulator sees it, nothing changed. */
export function viewOf(world: World): View {
  return overlay(storeOf(world), []);
}

/** Stores one object, as an informer would on ADDED or MODIFIED. */
export function putObject(store: Store, object: WorldObject): void {
  switch (object.kind) {
    case 'Namespace':
      store.putNamespace(parseNamespace(object));
      return;
    case 'Node':
      store.putNode(parseNode(object));
      return;
    case 'NetworkPolicy':
      store.putPolicy(parseNetworkPolicy(object));
      return;
    case 'Service':
      store.putService(parseService(object));
      return;
    case 'EndpointSlice':
      store.putSlice(parseEndpointSlice(object));
      return;
    case 'AdminNetworkPolicy':
    case 'BaselineAdminNetworkPolicy':
    case 'ClusterNetworkPolicy':
      store.putTier(parseTierPolicy(object));
      return;
    case 'Pod': {
      const pod = parsePod(object);
      if (pod === undefined) store.removePod(object.metadata.namespace ?? '', object.metadata.name);
      else store.putPod(pod);
      return;
    }
    default:
      throw new Error(`no such kind in made-up worlds: ${object.kind}`);
  }
}

/** Takes one object away, as an informer would on DELETED. */
export function removeObject(store: Store, { kind, metadata: { name, namespace = '' } }: WorldObject): void {
  if (kind === 'Pod') store.removePod(namespace, name);
  else if (kind === 'NetworkPolicy') store.removePolicy(namespace, name);
  else if (kind === 'Service') store.removeService(namespace, name);
  else if (kind === 'Namespace') store.removeNamespace(name);
  else throw new Error(`no such kind in made-up worlds: ${kind}`);
}
